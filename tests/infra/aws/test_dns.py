"""A zone whose service name follows the site that serves."""

from __future__ import annotations

from collections.abc import Sequence

from infra import contracts
from infra.aws.dns import Dns, DnsArgs
from infra.contracts import Target
from tests.infra.aws.compliant_site import settings
from tests.infra.clouds import kind, with_integers
from tests.infra.recorder import Recorded, record

ACTIVE = Target(site="primary", active=True, kind="CNAME", address="one.elb.us-east-1.amazonaws.com")
STANDBY = Target(site="dr", active=False, kind="A", address="203.0.113.7")


def record_failover(*targets: Target) -> Sequence[Recorded]:
    """Return the resources of a zone with a service name for ``targets``."""

    def declare() -> None:
        stack = settings()
        context = contracts.site_context(stack, stack.managed_sites[0])
        dns = Dns("dns", DnsArgs(context=context, zone="pouw.example.org"))
        dns.failover("service", host="rpc.pouw.example.org", targets=targets)

    return record(declare)


def test_a_standby_has_weight_zero_and_every_target_a_health_check() -> None:
    standby = Target(site="dr", active=False, kind="CNAME", address="two.elb.us-west-2.amazonaws.com")
    resources = record_failover(ACTIVE, standby)
    records = {resource.inputs["setIdentifier"]: resource.inputs for resource in kind(resources, "Record")}
    weights = {site: with_integers(inputs["weightedRoutingPolicies"])[0]["weight"] for site, inputs in records.items()}
    assert weights == {"primary": 100, "dr": 0}
    assert all(inputs["healthCheckId"] for inputs in records.values())
    assert {resource.inputs["resourcePath"] for resource in kind(resources, "HealthCheck")} == {"/ready"}
    assert {resource.inputs["type"] for resource in kind(resources, "HealthCheck")} == {"HTTPS"}


def test_targets_of_two_kinds_get_a_name_each() -> None:
    records = [resource.inputs for resource in kind(record_failover(ACTIVE, STANDBY), "Record")]
    service = [resource for resource in records if resource["name"] == "rpc.pouw.example.org"]
    assert {resource["type"] for resource in service} == {"CNAME"}
    assert sorted(resource["records"][0] for resource in service) == [
        "dr.rpc.pouw.example.org",
        "primary.rpc.pouw.example.org",
    ]
    [leg] = [resource for resource in records if resource["name"] == "dr.rpc.pouw.example.org"]
    assert (leg["type"], leg["records"]) == ("A", ["203.0.113.7"])


def test_targets_of_one_kind_are_named_directly() -> None:
    standby = Target(site="second", active=True, kind="A", address="203.0.113.8")
    records = [resource.inputs for resource in kind(record_failover(STANDBY, standby), "Record")]
    assert {(resource["name"], resource["type"]) for resource in records} == {("rpc.pouw.example.org", "A")}


def test_a_check_by_address_asks_for_the_service_by_name() -> None:
    checks = {
        resource.inputs["tags"]["Name"]: resource.inputs
        for resource in kind(record_failover(ACTIVE, STANDBY), "HealthCheck")
    }
    assert checks["dr-rpc.pouw.example.org"]["ipAddress"] == "203.0.113.7"
    assert checks["dr-rpc.pouw.example.org"]["fqdn"] == "rpc.pouw.example.org"
    assert checks["primary-rpc.pouw.example.org"]["fqdn"] == ACTIVE.address
    assert "ipAddress" not in checks["primary-rpc.pouw.example.org"]
