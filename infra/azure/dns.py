"""A signed public zone, and names in it that fail over to a standby."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_azure_native.dns.dnssec_config import DnssecConfig
from pulumi_azure_native.dns.record_set import RecordSet
from pulumi_azure_native.dns.zone import Zone
from pulumi_azure_native.resources.resource_group import ResourceGroup
from pulumi_azure_native.trafficmanager.profile import Profile

from infra.azure.authorization import prevent_deletion
from infra.azure.physical_names import compose_name, global_name
from infra.component import Component
from infra.contracts import READY_PATH, RecordKind, SiteContext, Target

_TTL_S: Final = 300
_FAILOVER_TTL_S: Final = 30


@dataclass(frozen=True, kw_only=True)
class DnsArgs:
    """A zone in the subscription of the site of ``context``."""

    context: SiteContext
    zone: str


class Dns(Component, token="pouw:azure:Dns"):
    """A zone in its own resource group, because it outlives the site. Azure offers no query log for public zones."""

    zone: pulumi.Output[str]
    name_servers: pulumi.Output[Sequence[str]]
    signers: pulumi.Output[Sequence[str]]

    def __init__(self, name: str, args: DnsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._label, self._args = name, args
        context = args.context
        self._group = ResourceGroup(
            f"{name}-group",
            resource_group_name=compose_name(context, "resources:ResourceGroup", "dns"),
            location=context.region,
            tags=context.tags,
            opts=self.child(protect=context.protect),
        )
        self._zone = Zone(
            f"{name}-zone",
            resource_group_name=self._group.name,
            zone_name=args.zone,
            zone_type="Public",
            location="global",
            tags=context.tags,
            opts=self.child(protect=context.protect),
        )
        prevent_deletion(self, f"{name}-lock", context, self._zone.id)
        signature = DnssecConfig(
            f"{name}-signature",
            resource_group_name=self._group.name,
            zone_name=self._zone.name,
            opts=self.child(),
        )
        self.publish(
            zone=self._zone.name,
            name_servers=self._zone.name_servers,
            signers=signature.signing_keys.apply(delegation_signers),
        )

    def record(self, name: str, *, host: pulumi.Input[str], kind: RecordKind, value: pulumi.Input[str]) -> None:
        """Declare a record; ``host`` is the full name, ``name`` the name of the resource."""
        zone = self._args.zone
        RecordSet(
            f"{self._label}-{name}",
            resource_group_name=self._group.name,
            zone_name=self._zone.name,
            record_type=kind,
            relative_record_set_name=pulumi.Output.from_input(host).apply(lambda full_name: relative(full_name, zone)),
            ttl=float(_TTL_S),
            opts=self.child(),
            **record_value(kind, value),
        )

    def failover(self, name: str, *, host: str, targets: Sequence[Target]) -> None:
        """Declare a name that resolves to the active target while its ``/ready`` answers, else to a standby."""
        context = self._args.context
        profile = Profile(
            f"{self._label}-{name}",
            resource_group_name=self._group.name,
            profile_name=compose_name(context, "trafficmanager:Profile", name),
            location="global",
            profile_status="Enabled",
            traffic_routing_method="Priority",
            dns_config={"relativeName": global_name(context, "dns", name), "ttl": float(_FAILOVER_TTL_S)},
            monitor_config=monitor(host),
            endpoints=endpoints(targets),
            tags=context.tags,
            opts=self.child(),
        )
        self.record(f"{name}-alias", host=host, kind="CNAME", value=profile.dns_config.fqdn)


def delegation_signers(keys: Sequence[Any]) -> list[str]:
    """Return the DS records of a zone's keys; only key-signing keys have some."""
    return [str(signer.record) for key in keys for signer in key.delegation_signer_info or ()]


def relative(host: str, zone: str) -> str:
    """Return the part of a full name before its zone; ``@`` is the zone itself.

    Raises:
        ValueError: The name is outside the zone.
    """
    if host == zone:
        return "@"
    if not host.endswith(f".{zone}"):
        raise ValueError(f"{host}: expected a name in the zone {zone}")
    return host.removesuffix(f".{zone}")


def record_value(kind: RecordKind, value: pulumi.Input[str]) -> dict[str, Any]:
    """Return the argument that holds a record's value."""
    if kind == "A":
        return {"a_records": [{"ipv4Address": value}]}
    if kind == "CNAME":
        return {"cname_record": {"cname": value}}
    return {"txt_records": [{"value": [value]}]}


def monitor(host: str) -> dict[str, Any]:
    """Return the health check of a target, which fails after three failures in a row, ten seconds apart."""
    return {
        "protocol": "HTTPS",
        "port": 443.0,
        "path": READY_PATH,
        "intervalInSeconds": 10.0,
        "timeoutInSeconds": 5.0,
        "toleratedNumberOfFailures": 2.0,
        "customHeaders": [{"name": "host", "value": host}],
        "expectedStatusCodeRanges": [{"min": 200, "max": 299}],
    }


def endpoints(targets: Sequence[Target]) -> list[dict[str, Any]]:
    """Return the endpoints by priority: active targets first, then standbys, each in the given order."""
    ordered = sorted(targets, key=lambda target: not target.active)
    return [
        {
            "name": target.site,
            "type": "Microsoft.Network/trafficManagerProfiles/externalEndpoints",
            "target": target.address,
            "priority": float(number),
            "endpointStatus": "Enabled",
        }
        for number, target in enumerate(ordered, start=1)
    ]
