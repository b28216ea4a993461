"""Faults of cloud sites: one compliant configuration, one broken value at a time, each reported with its path."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest

from tests.infra.refusals import refusals

PLAN = f"/subscriptions/{'0' * 8}-0000-4000-8000-{'0' * 12}/resourceGroups/shared/providers/Microsoft.Network/"
PLAN += "ddosProtectionPlans/shared"
DEPLOYER = "arn:aws:iam::111122223333:role/pouw-deployer"
AWS: dict[str, Any] = {
    "name": "primary",
    "cloud": "aws",
    "region": "us-east-1",
    "account": "111122223333",
    "network": {"cidr": "10.20.0.0/16"},
    "cluster": {"administrators": [DEPLOYER]},
    "backups": {"copyRegion": "us-west-2"},
    "budget": {"monthly": 100},
}
AZURE: dict[str, Any] = {
    **AWS,
    "name": "dr",
    "cloud": "azure",
    "region": "westeurope",
    "role": "standby",
    "account": "00000000-0000-4000-8000-000000000001",
    "tenant": "00000000-0000-4000-8000-000000000002",
    "network": {"cidr": "10.40.0.0/16"},
    "cluster": {},
    "backups": {"copyRegion": "northeurope"},
    "budget": {"monthly": 100, "since": "2026-11-01"},
}
GCP: dict[str, Any] = {
    **AWS,
    "name": "europe",
    "cloud": "gcp",
    "region": "europe-west1",
    "account": "pouw-example",
    "network": {"cidr": "10.50.0.0/16"},
    "cluster": {},
    "backups": {"copyRegion": "europe-west4"},
    "budget": {"monthly": 100, "billingAccount": "012345-6789AB-CDEF01"},
}
HALL: dict[str, Any] = {"name": "hall", "cloud": "kubernetes", "context": "hall", "egress": ["192.0.2.0/28"]}
STACK: dict[str, Any] = {
    "environment": "production",
    "sites": [AWS, AZURE, GCP, HALL],
    "dns": {"zone": "pouw.example.org"},
    "contacts": ["oncall@pouw.example.org"],
    "balancer": {"exposure": {"type": "LoadBalancer", "allowFrom": ["0.0.0.0/0"]}},
}

CASES: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    (AWS, {"region": None}, "region", "is missing; expected a region of the cloud"),
    (AWS, {"region": "us-east-9"}, "region", "us-east-1"),
    (AWS, {"zones": ["us-east-1a", "us-east-1b", "us-west-2a"]}, "zones[2]", "is not a zone of us-east-1"),
    (AWS, {"zones": ["us-east-1a", "us-east-1a", "us-east-1b"]}, "zones", "three different zones"),
    (AWS, {"zones": ["us-east-1a"]}, "zones", "three different zones"),
    (AWS, {"account": None}, "account", "12 digits"),
    (AWS, {"account": "12345"}, "account", "12 digits"),
    (AZURE, {"account": "12345"}, "account", "a UUID in lower case"),
    (AZURE, {"tenant": None}, "tenant", "is missing; expected a UUID"),
    (AZURE, {"tenant": "example.org"}, "tenant", "a UUID in lower case"),
    (AWS, {"tenant": AZURE["tenant"]}, "tenant", "because it belongs to cloud: azure"),
    (AZURE, {"budget": {"monthly": 100}}, "budget.since", "is missing; expected the first day of a month"),
    (GCP, {"account": "P"}, "account", "a GCP project"),
    (AWS, {"network": {"cidr": "10.20.0.0/24"}}, "network.cidr", "from /16 to /20"),
    (AWS, {"network": {"cidr": "10.20.0.1/16"}}, "network.cidr", "has host bits"),
    (AWS, {"network": {"cidr": "everything"}}, "network.cidr", "is not a range of addresses"),
    (GCP, {"network": {"cidr": "fd00::/16"}}, "network.cidr", "is a range of IPv6"),
    (AWS, {"network": {"cidr": "8.8.0.0/16"}}, "network.cidr", "is not a private range"),
    (AZURE, {"network": {"cidr": "127.0.0.0/16"}}, "network.cidr", "is not a private range"),
    (AWS, {"network": {"cidr": "172.20.0.0/16"}}, "network.services", "overlaps cidr"),
    (AWS, {"network": {"cidr": "10.20.0.0/16", "pods": "100.64.0.0/14"}}, "network.pods", "cloud: azure, gcp"),
    (AWS, {"pools": {"rpc": {"minimum": 9}}}, "pools.rpc.maximum", "at least the minimum, 9"),
    (AWS, {"pools": {"miners": {"onDemandFloor": 50}}}, "pools.miners.onDemandFloor", "at most the maximum"),
    (AWS, {"network": {"cidr": "10.20.0.0/16", "ddosPlan": PLAN}}, "network.ddosPlan", "belongs to cloud: azure"),
    (AZURE, {"network": {"cidr": "10.40.0.0/16", "ddosPlan": "mine"}}, "network.ddosPlan", "the ID of a plan"),
    (AZURE, {"cluster": {"administrators": [DEPLOYER]}}, "cluster.administrators", "belongs to cloud: aws"),
    (GCP, {"cluster": {"addons": {"coredns": "v1.13.2-eksbuild.11"}}}, "cluster.addons", "belongs to cloud: aws"),
    (AWS, {"cluster": {"administrators": []}}, "cluster.administrators", "is missing"),
    (AWS, {"backups": {}}, "backups.copyRegion", "is missing; expected another region of the same cloud"),
    (AWS, {"backups": None}, "backups.copyRegion", "is missing; expected another region of the same cloud"),
    (AWS, {"backups": {"copyRegion": "us-east-1"}}, "backups.copyRegion", "the site's own region"),
    (AWS, {"backups": {"copyRegion": "mars"}}, "backups.copyRegion", "is not a region of AWS"),
    (AWS, {"budget": None}, "budget", "missing in production"),
    (GCP, {"budget": {"monthly": 5}}, "budget.billingAccount", "a billing account such as"),
    (AWS, {"context": "x"}, "context", "because it belongs to cloud: kubernetes"),
    (AWS, {"colour": "red"}, "colour", "unknown key; got 'colour'; expected one of"),
    (HALL, {"region": "us-east-1"}, "region", "because it belongs to cloud: aws, azure, gcp"),
    (HALL, {"egress": []}, "egress", "missing with several sites"),
]
"""A compliant site, the change that breaks it, and the path and a part of the fault."""


def stack(site: dict[str, Any], *changes: dict[str, Any]) -> dict[str, Any]:
    """Return the compliant stack with changes to one site. A value of ``None`` removes the key."""
    values = dict(site)
    for change in changes:
        values |= change
    present = {key: value for key, value in values.items() if value is not None}
    return {**STACK, "sites": [present if each is site else each for each in STACK["sites"]]}


def test_the_compliant_stack_of_four_kinds_of_sites_has_no_fault() -> None:
    assert refusals(STACK) == []


@pytest.mark.parametrize(("site", "change", "path", "part"), CASES)
def test_a_broken_value_of_a_site_is_reported_with_its_path(
    site: dict[str, Any], change: dict[str, Any], path: str, part: str
) -> None:
    [fault] = refusals(stack(site, change))
    assert fault.startswith(f"pouw:sites[{STACK['sites'].index(site)}].{path}: ")
    assert part in fault


def depends(first: str, second: str) -> bool:
    """True if the check at one path needs the value at the other."""
    return {"region", "account"} & {first, second} != set() and any(
        path.startswith(("zones", "backups.copyRegion", "cluster.administrators")) for path in (first, second)
    )


def test_two_broken_values_of_a_site_are_reported_together() -> None:
    for (site, first, path, _), (second_site, second, second_path, _) in combinations(CASES, 2):
        if site is not second_site or first.keys() & second.keys() or depends(path, second_path):
            continue
        index = STACK["sites"].index(site)
        paths = {fault.split(": ")[0] for fault in refusals(stack(site, first, second))}
        assert paths == {f"pouw:sites[{index}].{path}", f"pouw:sites[{index}].{second_path}"}


@pytest.mark.parametrize(
    ("changes", "path", "part"),
    [
        ({"dns": {}}, "pouw:dns.zone", "with several sites"),
        ({"contacts": []}, "pouw:contacts", "missing with a cloud site"),
        ({"balancer": {"exposure": {"type": "LoadBalancer"}}}, "pouw:balancer.exposure.allowFrom", "is missing"),
        ({"balancer": {"exposure": {"type": "NodePort"}}}, "pouw:balancer.exposure.type", "no public addresses"),
        (
            {"balancer": {"exposure": {"type": "LoadBalancer", "allowFrom": ["0.0.0.0/0", "2001:db8::/32"]}}},
            "pouw:balancer.exposure.allowFrom[1]",
            "the edge on AWS and GCP has IPv4 addresses alone",
        ),
        (
            {"sites": [AWS, {**AZURE, "network": {"cidr": "10.20.0.0/17"}}]},
            "pouw:sites[1].network.cidr",
            "site primary",
        ),
        (
            {"sites": [AZURE, {**AZURE, "name": "active", "role": "active", "network": {"cidr": "10.60.0.0/16"}}]},
            "pouw:sites[1].cloud",
            "in one profile only",
        ),
        ({"policy": {"enforcement": "advisory"}}, "pouw:policy.enforcement", "'mandatory' in production"),
    ],
)
def test_a_fault_between_sites_and_stack_is_reported(changes: dict[str, Any], path: str, part: str) -> None:
    [fault] = refusals({**STACK, **changes})
    assert fault.startswith(f"{path}: ")
    assert part in fault


def test_a_public_cloud_site_needs_a_zone_and_a_private_one_does_not() -> None:
    public = {**STACK, "sites": [AWS], "dns": {}}
    assert [fault.split(": ")[0] for fault in refusals(public)] == ["pouw:dns.zone"]
    assert refusals({**public, "balancer": {}}) == []


def test_two_private_azure_sites_are_accepted() -> None:
    second = {**AZURE, "name": "active", "role": "active", "network": {"cidr": "10.60.0.0/16"}}
    assert refusals({**STACK, "sites": [AZURE, second], "balancer": {}}) == []


def test_faults_of_values_and_between_sites_come_together() -> None:
    sites = [{**AWS, "region": "x"}, {**AZURE, "role": 1}]
    paths = [fault.split(": ")[0] for fault in refusals({**STACK, "sites": sites})]
    assert paths == ["pouw:sites[1].role", "pouw:sites[0].region"]
