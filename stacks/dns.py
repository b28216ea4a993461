"""Names of a stack: a zone, a name for each site, and one name that follows the active site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pulumi

from infra import contracts
from infra.clouds import CLOUDS
from infra.contracts import DnsRecord, Target
from infra.settings.stack import Settings
from stacks import hostnames
from stacks.workloads import Deployed


def declare(stack: Settings, providers: Mapping[str, pulumi.ProviderResource]) -> contracts.Dns | None:
    """Declare the zone; ``None`` if the settings have no zone or no cloud site that can hold it."""
    holder = stack.zone_holder
    if holder is None:
        return None
    module = CLOUDS[holder.cloud].module("dns")
    arguments = module.DnsArgs(context=contracts.site_context(stack, holder), zone=stack.dns.zone)
    opts = pulumi.ResourceOptions(providers=[providers[holder.name]])
    zone: contracts.Dns = module.Dns("dns", arguments, opts)
    return zone


def record(stack: Settings, zone: contracts.Dns | None, deployed: Sequence[Deployed]) -> None:
    """Write the names of every site into the zone, and the records that prove the certificates of the edges."""
    if stack.dns.zone is None or zone is None:
        return
    for site in deployed:
        write(zone, _records(stack, site))
    if targets := _targets(deployed):
        zone.failover("service", host=hostnames.service(stack), targets=targets)


def write(zone: contracts.Dns, records: Iterable[DnsRecord]) -> None:
    """Write records into the zone. Their components may be on another cloud than the zone."""
    for entry in records:
        zone.record(entry.name, host=entry.host, kind=entry.kind, value=entry.value)


def _records(stack: Settings, deployed: Deployed) -> list[DnsRecord]:
    site, edge = deployed.target.site, deployed.target.edge
    records = list(edge.proofs) if edge else []
    if deployed.peers_address is not None:
        records.append(
            DnsRecord(
                name=f"{site.name}-peers",
                host=hostnames.peers(stack, site),
                kind=deployed.target.peers_entry.kind,
                value=deployed.peers_address,
            )
        )
    if edge:
        host = hostnames.edge(stack, site)
        records.append(DnsRecord(name=f"{site.name}-edge", host=host, kind=edge.kind, value=edge.address))
    return records


def _targets(deployed: Sequence[Deployed]) -> list[Target]:
    return [
        Target(
            site=entry.target.site.name,
            active=entry.target.site.role == "active",
            kind=edge.kind,
            address=edge.address,
        )
        for entry in deployed
        if (edge := entry.target.edge)
    ]


def outputs(stack: Settings, zone: contracts.Dns | None, deployed: Sequence[Deployed]) -> dict[str, Any]:
    """Return the values that the owner of the parent domain needs; without a zone, the records that are missing."""
    if stack.dns.zone is None:
        return {}
    if zone is not None:
        return {"zone": stack.dns.zone, "nameServers": zone.name_servers, "signers": zone.signers}
    missing = {
        hostnames.peers(stack, entry.target.site): entry.peers_address for entry in deployed if entry.peers_address
    }
    return {"zone": stack.dns.zone, "wanted": missing}
