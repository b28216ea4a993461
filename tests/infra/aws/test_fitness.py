"""Settings that suit every cloud but not AWS: each is refused with its path, before the program starts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.aws.compliant_site import SITE
from tests.infra.clouds import STACK
from tests.infra.refusals import refusals

DEPLOYER = SITE["cluster"]["administrators"][0]
RANGES = [f"10.{number // 65536}.{number // 256 % 256}.{number % 256}/32" for number in range(10_001)]


def site_refusals(**changes: Any) -> list[str]:
    """Return the faults of the compliant site with changes."""
    return refusals({**STACK, "sites": [{**SITE, **changes}]})


def stack_refusals(**changes: Any) -> list[str]:
    """Return the faults of the compliant stack with changes."""
    return refusals({**STACK, "sites": [SITE], **changes})


def cluster(*administrators: str, **more: Any) -> dict[str, Any]:
    """Return the settings of a cluster with these administrators."""
    return {"cluster": {"administrators": list(administrators), **more}}


def test_the_compliant_site_suits_aws() -> None:
    assert site_refusals() == []


@pytest.mark.parametrize(
    ("site", "path", "part"),
    [
        ({"cluster": {}}, "cluster.administrators", "the role that deploys the stack"),
        (cluster("arn:aws:iam::444455556666:role/other"), "cluster.administrators[0]", "is of another account"),
        (cluster(DEPLOYER, DEPLOYER), "cluster.administrators[1]", "is listed twice"),
        (cluster("deployer"), "cluster.administrators[0]", "a role or user such as"),
        (cluster(DEPLOYER, version="1.21"), "cluster.addons", "lacks versions for Kubernetes 1.21"),
        (cluster(DEPLOYER, addons={"coredns": "latest"}), "cluster.addons.coredns", "a version such as"),
        (cluster(DEPLOYER, addons={"dns": "v1.13.2-eksbuild.11"}), "cluster.addons.dns", "'coredns'"),
        (cluster(DEPLOYER, apiAllowFrom=RANGES[:41]), "cluster.apiAllowFrom", "expected at most 40 ranges"),
        ({"pools": {"rpc": {"instance": "Standard_D4ds_v5"}}}, "pools.rpc.instance", "not a machine type of AWS"),
        ({"network": {"services": "172.20.0.0/25"}}, "network.services", "expected a range from /12 to /24"),
        ({"network": {"services": "100.64.0.0/16"}}, "network.services", "in 10.0.0.0/8, 172.16.0.0/12"),
    ],
)
def test_a_site_beyond_a_limit_of_aws_is_refused(site: dict[str, Any], path: str, part: str) -> None:
    [fault] = site_refusals(**site)
    assert fault.startswith(f"pouw:sites[0].{path}: ")
    assert part in fault


def test_tags_are_few_enough_for_every_type() -> None:
    assert stack_refusals(tags={f"tag-{number}": "x" for number in range(45)}) == []
    [fault] = stack_refusals(tags={f"tag-{number}": "x" for number in range(46)})
    assert fault.startswith("pouw:tags: is too long for AWS; got 46; expected at most 45")


def test_the_web_firewall_has_a_limit_of_ranges() -> None:
    [fault] = stack_refusals(balancer={"exposure": {"type": "LoadBalancer", "allowFrom": RANGES}})
    assert fault.startswith("pouw:balancer.exposure.allowFrom: is too long for AWS; got 10001")


def test_a_host_too_long_for_a_certificate_is_refused_with_an_edge() -> None:
    zone = {"zone": f"{'x' * 60}.example.org"}
    assert stack_refusals(dns=zone, balancer={}) == []
    [fault] = stack_refusals(dns=zone)
    assert fault.startswith("pouw:dns: results in a host that is too long for AWS; ")
