"""Settings that suit every cloud but not Azure: each is refused with its path, before the program starts."""

from __future__ import annotations

from typing import Any

import pytest

from infra.azure.gateway import link_region
from infra.azure.regions import ZONES
from tests.infra.azure.compliant_site import SITE
from tests.infra.clouds import STACK
from tests.infra.refusals import refusals

RANGES = [f"10.0.{number // 256}.{number % 256}/32" for number in range(601)]


def site_refusals(**changes: Any) -> list[str]:
    """Return the faults of the compliant site with changes."""
    return refusals({**STACK, "sites": [{**SITE, **changes}]})


def stack_refusals(**changes: Any) -> list[str]:
    """Return the faults of the compliant stack with changes."""
    return refusals({**STACK, "sites": [SITE], **changes})


def test_the_compliant_site_suits_azure() -> None:
    assert site_refusals() == []


@pytest.mark.parametrize(
    ("site", "path", "part"),
    [
        ({"pools": {"miners": {"instance": "Standard_NC4"}}}, "pools.miners.instance", "Standard_NC\\d+as_T4_v3"),
        ({"pools": {"miners": {"instance": "c7i.2xlarge"}}}, "pools.miners.instance", "not a machine type of Azure"),
        ({"network": {"pods": "100.64.0.0/21"}}, "network.pods", "got 100.64.0.0/21, for 8 machines"),
        (
            {
                "network": {"cidr": "10.20.0.0/20", "pods": "100.64.0.0/10"},
                "pools": {pool: {"maximum": 1000} for pool in ("system", "miners", "rpc")},
            },
            "network.cidr",
            "got 10.20.0.0/22, for 1019 machines",
        ),
        ({"network": {"services": "172.16.0.0/12"}}, "network.services", "expected at most a /13"),
        ({"cluster": {"apiAllowFrom": ["2001:db8::/32"]}}, "cluster.apiAllowFrom[0]", "expected a range of IPv4"),
        ({"cluster": {"apiAllowFrom": RANGES[:201]}}, "cluster.apiAllowFrom", "expected at most 200 ranges"),
    ],
)
def test_a_site_beyond_a_limit_of_azure_is_refused(site: dict[str, Any], path: str, part: str) -> None:
    [fault] = site_refusals(**site)
    assert fault.startswith(f"pouw:sites[0].{path}: ")
    assert part in fault


def test_tags_are_few_enough_for_every_type() -> None:
    assert stack_refusals(tags={f"tag-{number}": "x" for number in range(11)}) == []
    [fault] = stack_refusals(tags={f"tag-{number}": "x" for number in range(12)})
    assert fault.startswith("pouw:tags: is too long for Azure; got 16; expected at most 15")


def test_the_web_firewall_has_a_limit_of_ranges() -> None:
    [fault] = stack_refusals(balancer={"exposure": {"type": "LoadBalancer", "allowFrom": RANGES}})
    assert fault.startswith("pouw:balancer.exposure.allowFrom: ")
    assert "601" in fault


def test_a_host_too_long_for_a_certificate_is_refused_with_an_edge() -> None:
    zone = {"zone": f"{'x' * 60}.example.org"}
    assert stack_refusals(dns=zone, balancer={}) == []
    assert {fault.split(":")[1] for fault in stack_refusals(dns=zone)} == {"dns"}


def test_every_region_has_one_from_which_the_edge_reaches_it() -> None:
    assert {link_region(region) for region in ZONES} <= set(ZONES)
    assert link_region("westeurope") == "westeurope"
    assert link_region("southeastasia") == "eastasia"
