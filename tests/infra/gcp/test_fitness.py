"""Settings that suit every cloud but not Google Cloud: each is refused with its path, before the program starts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.clouds import STACK
from tests.infra.gcp.compliant_site import SITE
from tests.infra.refusals import refusals


def site_refusals(**changes: Any) -> list[str]:
    """Return the faults of the compliant site with changes."""
    return refusals({**STACK, "sites": [{**SITE, **changes}]})


def test_the_compliant_site_suits_google_cloud() -> None:
    assert site_refusals() == []


@pytest.mark.parametrize(
    ("pools", "path", "part"),
    [
        ({"miners": {"instance": "a2-highgpu-3g"}}, "pools.miners.instance", "a2-highgpu-4g"),
        ({"rpc": {"instance": "g2-standard-5"}}, "pools.rpc.instance", "g2-standard-4"),
        ({"rpc": {"instance": "m7i.xlarge"}}, "pools.rpc.instance", "is not a machine type of GCP"),
        ({"miners": {"instance": "c4-standard-8"}}, "pools", "rpc: n2-standard-4 (pd-balanced)"),
    ],
)
def test_unsuitable_machines_are_refused(pools: dict[str, Any], path: str, part: str) -> None:
    [fault] = site_refusals(pools=pools)
    assert fault.startswith(f"pouw:sites[0].{path}: ")
    assert part in fault


def test_two_pools_of_new_families_share_a_type_of_disk() -> None:
    assert site_refusals(pools={"miners": {"instance": "c4-standard-8"}, "rpc": {"instance": "n4-standard-4"}}) == []


@pytest.mark.parametrize(
    ("network", "pools", "path"),
    [
        ({"pods": "100.64.0.0/20"}, {"miners": {"maximum": 53}}, "network.pods"),
        ({"cidr": "10.20.0.0/20"}, {"miners": {"maximum": 1000}, "rpc": {"maximum": 1000}, "system": {"maximum": 45}},
         "network.cidr"),
    ],
)  # fmt: skip
def test_ranges_without_room_for_all_machines_are_refused(
    network: dict[str, Any], pools: dict[str, Any], path: str
) -> None:
    [fault] = site_refusals(network=network, pools=pools)
    assert fault.startswith(f"pouw:sites[0].{path}: has too few addresses; ")


def test_ranges_with_exactly_enough_room_are_accepted() -> None:
    assert site_refusals(network={"pods": "100.64.0.0/20"}, pools={"miners": {"maximum": 52}}) == []


def test_labels_have_a_limit() -> None:
    tags = {f"tag-{number}": "x" for number in range(61)}
    [fault] = refusals({**STACK, "sites": [SITE], "tags": tags})
    assert fault.startswith("pouw:tags: is too long for GCP; got 65; expected at most 64")
