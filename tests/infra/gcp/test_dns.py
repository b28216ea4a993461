"""Names: records, and the name that follows the site that serves."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pytest

from infra import contracts
from infra.contracts import RecordKind, Target
from infra.gcp.dns import Dns, DnsArgs, absolute, data, routing, unchecked
from tests.infra.clouds import HOSTS, kind
from tests.infra.gcp.compliant_site import settings
from tests.infra.recorder import Recorded, record


def target(site: str, address: str, *, active: bool, kind: RecordKind = "A") -> Target:
    """Return a target with an address."""
    return Target(site=site, active=active, kind=kind, address=address)


ACTIVE = target("one", "192.0.2.1", active=True)
STANDBY = target("other", "192.0.2.2", active=False)


def record_failover(targets: Sequence[Target]) -> Sequence[Recorded]:
    """Return the resources of a failover among targets."""

    def declare() -> None:
        stack = settings()
        context = contracts.site_context(stack, stack.managed_sites[0])
        Dns("dns", DnsArgs(context=context, zone="pouw.example.org")).failover(
            "service", host=HOSTS[0], targets=targets
        )

    return record(declare)


def test_names_end_with_a_dot_once() -> None:
    assert [absolute(host) for host in ("a.example", "a.example.")] == ["a.example."] * 2


def test_values_are_written_as_their_kind_wants() -> None:
    assert data("A", "192.0.2.1") == "192.0.2.1"
    assert data("CNAME", "edge.example") == "edge.example."
    assert data("TXT", "some text") == data("TXT", '"some text"') == '"some text"'


def test_a_standby_takes_over_when_no_active_site_is_healthy() -> None:
    policy = routing([ACTIVE, STANDBY], "europe-west4")["primary_backup"]
    assert policy["primary"] == {"external_endpoints": ["192.0.2.1"]}
    assert policy["backup_geos"] == [
        {"location": "europe-west4", "health_checked_targets": {"external_endpoints": ["192.0.2.2"]}}
    ]


@pytest.mark.parametrize("active", [True, False])
def test_sites_of_one_role_share_while_they_are_healthy(*, active: bool) -> None:
    alike = [target("one", "192.0.2.1", active=active), target("other", "192.0.2.2", active=active)]
    weights = routing(alike, "europe-west4")["wrrs"]
    assert [(resource["weight"], resource["health_checked_targets"]["external_endpoints"]) for resource in weights] == [
        (1.0, ["192.0.2.1"]),
        (1.0, ["192.0.2.2"]),
    ]


def test_one_site_has_a_plain_record_and_nothing_to_check() -> None:
    resources = record_failover([ACTIVE])
    [created] = kind(resources, "RecordSet")
    assert (created.inputs["name"], created.inputs["rrdatas"]) == ("rpc.pouw.example.org.", ["192.0.2.1"])
    assert kind(resources, "HealthCheck") == []


def test_several_sites_are_checked_over_tls_from_three_regions() -> None:
    resources = record_failover([ACTIVE, STANDBY])
    [check] = kind(resources, "HealthCheck")
    assert check.inputs["httpsHealthCheck"] == {"port": 443, "host": HOSTS[0], "requestPath": "/ready"}
    assert len(check.inputs["sourceRegions"]) == 3
    assert check.inputs["checkIntervalSec"] >= 30
    [created] = kind(resources, "RecordSet")
    assert created.inputs["routingPolicy"]["healthCheck"] == f"{check.name}-id"


def test_a_target_without_an_address_is_refused_with_a_remedy() -> None:
    nameless = target("aws", "edge.example", active=True, kind="CNAME")
    with pytest.raises(pulumi.RunError, match="the edge of aws has no fixed address"):
        record_failover([nameless, STANDBY])
    assert "put the active site whose edge has a name first" in str(unchecked(nameless))


def test_the_public_zone_is_signed(resources: Sequence[Recorded]) -> None:
    [zone] = [resource for resource in kind(resources, "ManagedZone") if resource.inputs["visibility"] == "public"]
    assert zone.inputs["dnssecConfig"]["state"] == "on"
    assert {resource["keyType"] for resource in zone.inputs["dnssecConfig"]["defaultKeySpecs"]} == {
        "keySigning",
        "zoneSigning",
    }
