"""Settings that fit every cloud but not Azure: each is refused with its path, before anything is declared."""

from __future__ import annotations

import re
from typing import Any

import pytest

from infra.azure.fitness import faults
from infra.azure.gateway import link_region
from infra.regions import ZONES
from tests.infra.azure import declared
from tests.infra.azure.declared import site_context
from tests.infra.clouds import HOSTS

ANY = ("198.51.100.0/24",)


def told(site: dict[str, Any] | None = None, *, allow_from: tuple[str, ...] = ANY, **stack: Any) -> list[str]:
    """Faults of the compliant site with something changed, as text."""
    return [str(fault) for fault in faults(site_context(site, **stack), hosts=HOSTS, allow_from=allow_from)]


def test_the_compliant_site_fits() -> None:
    assert told() == []


@pytest.mark.parametrize(
    ("site", "path", "reason"),
    [
        ({"pools": {"miners": {"instance": "Standard_NC4"}}}, "pools.miners.instance", "Standard_NC.*T4_v3"),
        ({"network": {"pods": "100.64.0.0/21"}}, "network.pods", "no room for the 3. machines .* which holds 8"),
        (
            {
                "network": {"cidr": "10.20.0.0/20", "pods": "100.64.0.0/10"},
                "pools": {pool: {"maximum": 1000} for pool in ("system", "miners", "rpc")},
            },
            "network.cidr",
            "10.20.0.0/22, which holds 1019",
        ),
        ({"cluster": {"apiAllowFrom": ["2001:db8::/32"]}}, "cluster.apiAllowFrom", "an IPv4 range"),
        (
            {"cluster": {"apiAllowFrom": [f"203.0.113.{number}/32" for number in range(201)]}},
            "cluster.apiAllowFrom",
            "at most 200",
        ),
    ],
)
def test_what_does_not_fit_is_told_with_its_path(site: dict[str, Any], path: str, reason: str) -> None:
    [fault] = told(site)
    assert fault.startswith(f"pouw:sites (primary).{path}: ")
    assert re.search(reason, fault)


def test_tags_are_few_enough_for_every_type() -> None:
    assert told(tags={f"tag-{number}": "x" for number in range(11)}) == []
    [fault] = told(tags={f"tag-{number}": "x" for number in range(12)})
    assert fault.startswith("pouw:tags: are too many for Azure; got 16; expected at most 15")


def test_the_firewall_holds_only_so_many_ranges() -> None:
    [fault] = told(allow_from=tuple(f"10.0.{number // 256}.{number % 256}/32" for number in range(601)))
    assert fault.startswith("pouw:balancer.exposure.allowFrom: ")


def test_a_host_past_what_a_certificate_holds_is_refused_where_there_is_an_edge() -> None:
    long = "x" * 60 + ".example.org"
    assert [str(one) for one in faults(site_context(), hosts=(long,), allow_from=())] == []
    [fault] = faults(site_context(), hosts=(long,), allow_from=ANY)
    assert fault.path == "pouw:dns"


def test_nothing_is_declared_of_a_site_that_does_not_fit() -> None:
    with pytest.raises(Exception, match=r"network\.pods: has no room"):
        declared.declared(declared.settings({"network": {"pods": "100.64.0.0/21"}}))


def test_every_region_has_one_from_which_the_edge_reaches_it() -> None:
    assert {link_region(region) for region in ZONES["azure"]} <= set(ZONES["azure"])
    assert link_region("westeurope") == "westeurope"
    assert link_region("southeastasia") == "eastasia"
