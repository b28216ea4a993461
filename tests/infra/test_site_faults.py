"""Faults of cloud sites: one compliant configuration, one thing broken at a time, each told with its path."""

from __future__ import annotations

from typing import Any

import pytest

from infra.settings.loading import ConfigError, parse

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
OWN: dict[str, Any] = {"name": "hall", "cloud": "kubernetes", "context": "hall", "egress": ["192.0.2.0/28"]}
STACK: dict[str, Any] = {
    "environment": "production",
    "sites": [AWS, AZURE, GCP, OWN],
    "dns": {"zone": "pouw.example.org"},
    "contacts": ["oncall@pouw.example.org"],
    "balancer": {"exposure": {"type": "LoadBalancer", "allowFrom": ["0.0.0.0/0"]}},
}


def _let_in(*administrators: str, **more: Any) -> dict[str, Any]:
    """The settings of a cluster with these administrators."""
    return {"cluster": {"administrators": list(administrators), **more}}


def told(values: dict[str, Any]) -> list[str]:
    """Faults of a configuration, as text."""
    try:
        parse(values)
    except ConfigError as error:
        return [str(fault) for fault in error.faults]
    return []


def test_the_compliant_stack_of_four_kinds_of_sites_has_no_fault() -> None:
    assert told(STACK) == []


@pytest.mark.parametrize(
    ("site", "broken", "path", "reason"),
    [
        (AWS, {"region": None}, "region", "a region of aws"),
        (AWS, {"region": "us-east-9"}, "region", "us-east-1"),
        (AWS, {"zones": ["us-east-1a", "us-east-1b", "us-west-2a"]}, "zones[2]", "is no zone of us-east-1"),
        (AWS, {"zones": ["us-east-1a", "us-east-1a", "us-east-1b"]}, "zones", "three different zones"),
        (AWS, {"zones": ["us-east-1a"]}, "zones", "three different zones"),
        (AWS, {"account": None}, "account", "12 digits"),
        (AWS, {"account": "12345"}, "account", "12 digits"),
        (AZURE, {"account": "12345"}, "account", "an Azure subscription"),
        (AZURE, {"tenant": None}, "tenant", "the directory of the subscription"),
        (AZURE, {"tenant": "example.org"}, "tenant", "the directory of the subscription"),
        (AWS, {"tenant": AZURE["tenant"]}, "tenant", "no meaning for cloud: aws"),
        (AZURE, {"budget": {"monthly": 100}}, "budget.since", "the first day of the month"),
        (GCP, {"account": "P"}, "account", "a GCP project"),
        (AWS, {"network": {"cidr": "10.20.0.0/24"}}, "network.cidr", "from /16 to /20"),
        (AWS, {"network": {"cidr": "10.20.0.1/16"}}, "network.cidr", "host bits"),
        (AWS, {"network": {"cidr": "8.8.0.0/16"}}, "network.cidr", "a private range"),
        (AWS, {"network": {"cidr": "172.20.0.0/16"}}, "network.services", "overlaps cidr"),
        (AWS, {"pools": {"rpc": {"minimum": 9}}}, "pools.rpc.maximum", "at least the minimum, 9"),
        (AWS, {"pools": {"miners": {"onDemandFloor": 50}}}, "pools.miners.onDemandFloor", "at most the maximum"),
        (AWS, {"network": {"cidr": "10.20.0.0/16", "ddosPlan": PLAN}}, "network.ddosPlan", "no meaning for cloud: aws"),
        (AZURE, {"network": {"cidr": "10.40.0.0/16", "ddosPlan": "mine"}}, "network.ddosPlan", "the id of a plan"),
        (AWS, {"cluster": {}}, "cluster.administrators", "the role that deploys the stack"),
        (AWS, _let_in("arn:aws:iam::444455556666:role/other"), "cluster.administrators[0]", "is of another account"),
        (AWS, _let_in(DEPLOYER, DEPLOYER), "cluster.administrators[1]", "is there twice"),
        (AWS, _let_in("deployer"), "cluster.administrators[0]", "a role or user such as"),
        (AWS, _let_in(DEPLOYER, version="1.21"), "cluster.addons", "lacks add-ons of which no version was reviewed"),
        (AWS, _let_in(DEPLOYER, addons={"coredns": "latest"}), "cluster.addons.coredns", "a version such as"),
        (AZURE, _let_in(DEPLOYER), "cluster.administrators", "has no meaning for cloud: azure"),
        (GCP, {"cluster": {"addons": {"coredns": "v1.13.2-eksbuild.11"}}}, "cluster.addons", "has no meaning"),
        (AWS, {"backups": {}}, "backups.copyRegion", "another region of aws"),
        (AWS, {"backups": {"copyRegion": "us-east-1"}}, "backups.copyRegion", "the site's own region"),
        (AWS, {"backups": {"copyRegion": "mars"}}, "backups.copyRegion", "is no region"),
        (AWS, {"budget": None}, "budget", "missing in production"),
        (GCP, {"budget": {"monthly": 5}}, "budget.billingAccount", "the billing account"),
        (AWS, {"context": "x"}, "context", "has no meaning for cloud: aws"),
        (OWN, {"region": "us-east-1"}, "region", "has no meaning for an existing cluster"),
        (OWN, {"egress": []}, "egress", "missing with several sites"),
    ],
)
def test_a_site_that_its_cloud_would_refuse_is_told_with_its_path(
    site: dict[str, Any], broken: dict[str, Any], path: str, reason: str
) -> None:
    sites = STACK["sites"]
    index = sites.index(site)
    changed = {key: value for key, value in {**site, **broken}.items() if value is not None}
    [fault] = told({**STACK, "sites": [changed if one is site else one for one in sites]})
    assert fault.startswith(f"pouw:sites[{index}].{path}: ")
    assert reason in fault


@pytest.mark.parametrize(
    ("broken", "path", "reason"),
    [
        ({"dns": {}}, "pouw:dns.zone", "with several sites"),
        ({"contacts": []}, "pouw:contacts", "missing for a cloud site"),
        ({"balancer": {"exposure": {"type": "LoadBalancer"}}}, "pouw:balancer.exposure.allowFrom", "is missing"),
        ({"balancer": {"exposure": {"type": "NodePort"}}}, "pouw:balancer.exposure.type", "no node ports"),
        (
            {"balancer": {"exposure": {"type": "LoadBalancer", "allowFrom": ["0.0.0.0/0", "2001:db8::/32"]}}},
            "pouw:balancer.exposure.allowFrom[1]",
            "addresses of IPv4 alone",
        ),
        (
            {"sites": [AWS, {**AZURE, "network": {"cidr": "10.20.0.0/17"}}]},
            "pouw:sites[1].network.cidr",
            "site primary",
        ),
        (
            {"sites": [AZURE, {**AZURE, "name": "active", "role": "active", "network": {"cidr": "10.60.0.0/16"}}]},
            "pouw:sites[1].cloud",
            "in one place only",
        ),
    ],
)
def test_what_sites_need_of_the_stack_is_told(broken: dict[str, Any], path: str, reason: str) -> None:
    [fault] = told({**STACK, **broken})
    assert fault.startswith(f"{path}: ")
    assert reason in fault


def test_a_single_public_cloud_site_needs_a_name_and_a_private_one_does_not() -> None:
    public = {**STACK, "sites": [AWS], "dns": {}}
    assert [fault.split(": ")[0] for fault in told(public)] == ["pouw:dns.zone"]
    assert told({**public, "balancer": {}}) == []


def test_two_private_azure_sites_are_no_fault() -> None:
    other = {**AZURE, "name": "active", "role": "active", "network": {"cidr": "10.60.0.0/16"}}
    assert told({**STACK, "sites": [AZURE, other], "balancer": {}}) == []


def test_faults_of_values_and_between_sites_come_together() -> None:
    paths = [fault.split(": ")[0] for fault in told({**STACK, "sites": [{**AWS, "region": "x"}, {**AZURE, "role": 1}]})]
    assert paths == ["pouw:sites[1].role", "pouw:sites[0].region"]
