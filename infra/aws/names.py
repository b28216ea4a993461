"""A zone of the stack in Route 53, for sites of every cloud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_aws.route53.health_check import HealthCheck
from pulumi_aws.route53.record import Record
from pulumi_aws.route53.zone import Zone

from infra.component import Component
from infra.contracts import READY_PATH, Place, RecordKind, Target

CHECKERS: Final = (
    "15.177.0.0/18", "54.183.255.128/26", "54.228.16.0/26", "54.232.40.64/26", "54.241.32.64/26", "54.243.31.192/26",
    "54.244.52.192/26", "54.245.168.0/26", "54.248.220.0/26", "54.250.253.192/26", "54.251.31.128/26",
    "54.252.79.128/26", "54.252.254.192/26", "54.255.254.192/26", "107.23.255.0/26", "176.34.159.192/26",
    "177.71.207.128/26",
)  # fmt: skip
"""Ranges that Route 53 checks health from, as AWS publishes them: an edge that lets nobody else in lets these in."""
_TTL_SECONDS: Final = 60
_WEIGHTS: Final = {True: 100, False: 0}


@dataclass(frozen=True, kw_only=True)
class NamesArgs:
    """A zone, held in the account of the site at ``place``."""

    place: Place
    zone: str


class Names(Component, token="pouw:aws:Names"):
    """Outputs: ``zone`` (its id) and ``name_servers``, to which the parent domain has to delegate."""

    zone: pulumi.Output[str]
    name_servers: pulumi.Output[Sequence[str]]

    def __init__(self, name: str, args: NamesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name, self._args = name, args
        made = Zone(
            f"{name}-zone",
            name=args.zone,
            comment=f"Names of the network, environment {args.place.environment}",
            force_destroy=not args.place.production,
            tags=args.place.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=args.place.production),
        )
        self.publish(zone=made.zone_id, name_servers=made.name_servers)

    def record(self, name: str, *, host: pulumi.Input[str], kind: RecordKind, value: pulumi.Input[str]) -> None:
        """Declare a record; ``host`` is the whole name, ``name`` the resource's own."""
        Record(
            f"{self._name}-{name}",
            zone_id=self.zone,
            name=host,
            type=kind,
            ttl=_TTL_SECONDS,
            records=[value],
            # Certificates of two sites in one account prove the name that they share by the very same record.
            allow_overwrite=True,
            opts=self.child(),
        )

    def failover(self, name: str, *, host: str, targets: Sequence[Target]) -> None:
        """Declare a name that leads to the active target while its ``/ready`` answers over TLS, else to a standby.

        Active targets share the load. A standby has no weight: Route 53 looks at those without weight once no other is
        healthy. Records of one name have one kind, so targets of two kinds get a name each, and the name leads there.
        """
        mixed = len({target.kind for target in targets}) > 1
        for target in targets:
            check = self._check(f"{name}-{target.site}", host, target)
            kind, value = target.kind, target.address
            if mixed:
                leg = f"{target.site}.{host}"
                self.record(f"{name}-{target.site}-leg", host=leg, kind=kind, value=value)
                kind, value = "CNAME", leg
            Record(
                f"{self._name}-{name}-{target.site}",
                zone_id=self.zone,
                name=host,
                type=kind,
                ttl=_TTL_SECONDS,
                records=[value],
                set_identifier=target.site,
                weighted_routing_policies=[{"weight": _WEIGHTS[target.active]}],
                health_check_id=check.id,
                opts=self.child(),
            )

    def _check(self, name: str, host: str, target: Target) -> HealthCheck:
        # A check by address still asks for the host by name; one by name asks for that name.
        where = {"ip_address": target.address, "fqdn": host} if target.kind == "A" else {"fqdn": target.address}
        place = self._args.place
        return HealthCheck(
            f"{self._name}-{name}-health",
            type="HTTPS",
            port=443,
            resource_path=READY_PATH,
            enable_sni=True,
            request_interval=10,
            failure_threshold=3,
            tags={**place.tags, "Name": f"{target.site}-{host}"},
            opts=self.child(),
            **where,
        )
