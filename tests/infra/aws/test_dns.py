"""A zone whose service name follows the site that serves."""

from __future__ import annotations

from collections.abc import Sequence

from infra import contracts
from infra.aws.dns import Dns, DnsArgs
from infra.contracts import Target
from tests.infra.aws.declared import settings
from tests.infra.clouds import kind, whole
from tests.infra.recorder import Recorded, record

ACTIVE = Target(site="primary", active=True, kind="CNAME", address="one.elb.us-east-1.amazonaws.com")
STANDBY = Target(site="dr", active=False, kind="A", address="203.0.113.7")


def declared(*targets: Target) -> Sequence[Recorded]:
    """A zone with a service name over ``targets``."""

    def declare() -> None:
        stack = settings()
        context = contracts.site_context(stack, stack.managed_sites[0])
        dns = Dns("dns", DnsArgs(context=context, zone="pouw.example.org"))
        dns.failover("service", host="rpc.pouw.example.org", targets=targets)

    return record(declare)


def test_a_standby_waits_without_weight_and_everybody_is_checked() -> None:
    other = Target(site="dr", active=False, kind="CNAME", address="two.elb.us-west-2.amazonaws.com")
    found = declared(ACTIVE, other)
    records = {one.inputs["setIdentifier"]: one.inputs for one in kind(found, "Record")}
    weights = {site: whole(inputs["weightedRoutingPolicies"])[0]["weight"] for site, inputs in records.items()}
    assert weights == {"primary": 100, "dr": 0}
    assert all(inputs["healthCheckId"] for inputs in records.values())
    assert {one.inputs["resourcePath"] for one in kind(found, "HealthCheck")} == {"/ready"}
    assert {one.inputs["type"] for one in kind(found, "HealthCheck")} == {"HTTPS"}


def test_targets_of_two_kinds_get_a_name_each_so_that_one_name_keeps_one_kind() -> None:
    records = [one.inputs for one in kind(declared(ACTIVE, STANDBY), "Record")]
    service = [one for one in records if one["name"] == "rpc.pouw.example.org"]
    assert {one["type"] for one in service} == {"CNAME"}
    assert sorted(one["records"][0] for one in service) == [
        "dr.rpc.pouw.example.org",
        "primary.rpc.pouw.example.org",
    ]
    [leg] = [one for one in records if one["name"] == "dr.rpc.pouw.example.org"]
    assert (leg["type"], leg["records"]) == ("A", ["203.0.113.7"])


def test_targets_of_one_kind_are_named_directly() -> None:
    other = Target(site="second", active=True, kind="A", address="203.0.113.8")
    records = [one.inputs for one in kind(declared(STANDBY, other), "Record")]
    assert {(one["name"], one["type"]) for one in records} == {("rpc.pouw.example.org", "A")}


def test_a_check_by_address_asks_for_the_service_by_name() -> None:
    checks = {one.inputs["tags"]["Name"]: one.inputs for one in kind(declared(ACTIVE, STANDBY), "HealthCheck")}
    assert checks["dr-rpc.pouw.example.org"]["ipAddress"] == "203.0.113.7"
    assert checks["dr-rpc.pouw.example.org"]["fqdn"] == "rpc.pouw.example.org"
    assert checks["primary-rpc.pouw.example.org"]["fqdn"] == ACTIVE.address
    assert "ipAddress" not in checks["primary-rpc.pouw.example.org"]
