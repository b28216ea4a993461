"""Settings that fit together on Google Cloud, and one thing at a time that does not."""

from __future__ import annotations

from typing import Any

import pytest

from infra import contracts
from infra.gcp.fitness import faults
from tests.infra.gcp.declared import settings


def told(**site: Any) -> list[str]:
    """Faults of the compliant site with changes."""
    stack = settings(site)
    return [str(fault) for fault in faults(contracts.site_context(stack, stack.sites[0]))]


def test_the_compliant_site_fits() -> None:
    assert told() == []


@pytest.mark.parametrize(
    ("pools", "path", "reason"),
    [
        ({"miners": {"instance": "a2-highgpu-3g"}}, "pools.miners.instance", "a2-highgpu-4g"),
        ({"rpc": {"instance": "g2-standard-5"}}, "pools.rpc.instance", "g2-standard-4"),
        ({"miners": {"instance": "c4-standard-8"}}, "pools", "rpc: n2-standard-4 (pd-balanced)"),
    ],
)
def test_machines_that_do_not_fit_are_told(pools: dict[str, Any], path: str, reason: str) -> None:
    [fault] = told(pools=pools)
    assert fault.startswith(f"pouw:sites (primary).{path}: ")
    assert reason in fault


def test_both_pools_of_a_new_family_fit() -> None:
    assert told(pools={"miners": {"instance": "c4-standard-8"}, "rpc": {"instance": "n4-standard-4"}}) == []


@pytest.mark.parametrize(
    ("network", "pools", "path"),
    [
        ({"pods": "100.64.0.0/20"}, {"miners": {"maximum": 53}}, "network.pods"),
        ({"cidr": "10.20.0.0/20"}, {"miners": {"maximum": 1000}, "rpc": {"maximum": 1000}, "system": {"maximum": 45}},
         "network.cidr"),
    ],
)  # fmt: skip
def test_ranges_without_room_for_all_machines_are_told(
    network: dict[str, Any], pools: dict[str, Any], path: str
) -> None:
    [fault] = told(network=network, pools=pools)
    assert fault.startswith(f"pouw:sites (primary).{path}: has no room for the ")


def test_ranges_with_just_room_enough_fit() -> None:
    assert told(network={"pods": "100.64.0.0/20"}, pools={"miners": {"maximum": 52}}) == []
