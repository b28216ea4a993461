"""A signed zone of the stack in Cloud DNS, for sites of every cloud, with a log of all its queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_gcp.compute.health_check import HealthCheck
from pulumi_gcp.dns.managed_zone import ManagedZone
from pulumi_gcp.dns.record_set import RecordSet

from infra.component import Component
from infra.contracts import READY_PATH, RecordKind, SiteContext, Target
from infra.faults import Fault
from infra.gcp import physical_names
from infra.program_error import ProgramError

_TTL: Final = 300
_FAILOVER_TTL: Final = 30
CHECKERS: Final = ("us-east4", "europe-west1", "asia-southeast1")
"""Regions of the health checks; Google requires three."""
DNSSEC_KEYS: Final = (("keySigning", 256), ("zoneSigning", 256))


@dataclass(frozen=True, kw_only=True)
class DnsArgs:
    """A zone in the project of the site of ``context``."""

    context: SiteContext
    zone: str


class Dns(Component, token="pouw:gcp:Dns"):
    """A signed public zone. Outputs: ``zone``, its name, and ``name_servers`` for the delegation.

    ``signers`` is empty: no resource has the DS record as an output. ``gcloud dns dns-keys`` prints it.
    """

    zone: pulumi.Output[str]
    name_servers: pulumi.Output[Sequence[str]]
    signers: pulumi.Output[Sequence[str]]

    def __init__(self, name: str, args: DnsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._context = context = args.context
        zone = ManagedZone(
            f"{name}-zone",
            name=physical_names.compose_name("zone", context, "public"),
            project=physical_names.project(context),
            dns_name=f"{args.zone}.",
            description="Host names of the network",
            visibility="public",
            dnssec_config={
                "state": "on",
                "non_existence": "nsec3",
                "default_key_specs": [
                    {"algorithm": "ecdsap256sha256", "key_length": length, "key_type": kind}
                    for kind, length in DNSSEC_KEYS
                ],
            },
            cloud_logging_config={"enable_logging": True},
            force_destroy=not context.protect,
            labels=context.tags,
            opts=self.child(protect=context.protect),
        )
        self.publish(zone=zone.name, name_servers=zone.name_servers, signers=[])

    def record(self, name: str, *, host: pulumi.Input[str], kind: RecordKind, value: pulumi.Input[str]) -> None:
        """Declare a record; ``host`` is the full name, ``name`` the name of the resource."""
        RecordSet(
            name,
            project=physical_names.project(self._context),
            managed_zone=self.zone,
            name=pulumi.Output.from_input(host).apply(absolute),
            type=kind,
            ttl=_TTL,
            rrdatas=[pulumi.Output.from_input(value).apply(lambda text: data(kind, text))],
            opts=self.child(),
        )

    def failover(self, name: str, *, host: str, targets: Sequence[Target]) -> None:
        """Declare a name that resolves to the active target while its ``/ready`` answers over TLS, else to a standby.

        Raises:
            ProgramError: A target has a name instead of an address; Cloud DNS only checks addresses.
        """
        if len(targets) == 1:
            self.record(name, host=host, kind=targets[0].kind, value=targets[0].address)
            return
        for target in targets:
            if target.kind != "A":
                raise ProgramError([unchecked(target)])
        check = HealthCheck(
            f"{name}-check",
            project=physical_names.project(self._context),
            description=f"Readiness of the sites of {host}",
            check_interval_sec=30,
            timeout_sec=5,
            healthy_threshold=2,
            unhealthy_threshold=2,
            https_health_check={"port": 443, "host": host, "request_path": READY_PATH},
            source_regions=list(CHECKERS),
            log_config={"enable": True},
            opts=self.child(),
        )
        RecordSet(
            name,
            project=physical_names.project(self._context),
            managed_zone=self.zone,
            name=absolute(host),
            type="A",
            ttl=_FAILOVER_TTL,
            routing_policy={"health_check": check.id, **routing(targets, self._context.region)},
            opts=self.child(),
        )


def absolute(host: str) -> str:
    """Return a name with its final dot."""
    return host if host.endswith(".") else f"{host}."


def data(kind: RecordKind, value: str) -> str:
    """Return a record's value in the form that Cloud DNS expects."""
    if kind == "CNAME":
        return absolute(value)
    return f'"{value}"' if kind == "TXT" and not value.startswith('"') else value


def routing(targets: Sequence[Target], region: str) -> dict[str, Any]:
    """Return the routing: active sites while one is healthy, else standbys; equal shares if all have one role."""
    active = [target.address for target in targets if target.active]
    standby = [target.address for target in targets if not target.active]
    if not active or not standby:
        addresses = active or standby
        return {
            "wrrs": [
                {"weight": 1.0, "health_checked_targets": {"external_endpoints": [address]}} for address in addresses
            ]
        }
    backup = {"location": region, "health_checked_targets": {"external_endpoints": standby}}
    return {"primary_backup": {"primary": {"external_endpoints": active}, "backup_geos": [backup]}}


def unchecked(target: Target) -> Fault:
    """Return the fault of a target that Cloud DNS cannot check."""
    return Fault(
        path="pouw:sites",
        message=f"the edge of {target.site} has no fixed address, and Cloud DNS can check nothing else",
        got=f"a name of kind {target.kind}",
        expected="sites whose edges have addresses, beside a first active site of cloud: gcp",
        remedy="put the active site whose edge has a name first: its cloud then holds the zone and checks names",
    )
