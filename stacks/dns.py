"""Names of a stack: a zone, a name for each site, and one that follows the site that serves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from infra import contracts
from infra.clouds import CLOUDS
from infra.contracts import Target
from infra.settings.stack import Settings
from stacks import hostnames
from stacks.workloads import Deployed


def declare(stack: Settings, providers: Mapping[str, pulumi.ProviderResource]) -> contracts.Dns | None:
    """The zone; ``None`` where no name or no cloud is asked for."""
    home = stack.zone_holder
    if home is None:
        return None
    cloud = CLOUDS[home.cloud].module("dns")
    arguments = cloud.DnsArgs(context=contracts.site_context(stack, home), zone=stack.dns.zone)
    opts = pulumi.ResourceOptions(providers=[providers[home.name]])
    made: contracts.Dns = cloud.Dns("dns", arguments, opts)
    return made


def record(stack: Settings, zone: contracts.Dns | None, deployed: Sequence[Deployed]) -> None:
    """Put every site's names into the zone, where there is one."""
    if stack.dns.zone is None or zone is None:
        return
    for one in deployed:
        site, target = one.target.site, one.target
        if one.peers_address is not None:
            host, kind = hostnames.peers(stack, site), target.peers_entry.kind
            zone.record(f"{site.name}-peers", host=host, kind=kind, value=one.peers_address)
        if target.edge:
            zone.record(
                f"{site.name}-edge", host=hostnames.edge(stack, site), kind=target.address_kind, value=target.address
            )
    if targets := _targets(deployed):
        zone.failover("service", host=hostnames.service(stack), targets=targets)


def _targets(deployed: Sequence[Deployed]) -> list[Target]:
    return [
        Target(
            site=one.target.site.name,
            active=one.target.site.role == "active",
            kind=one.target.address_kind,
            address=one.target.address,
        )
        for one in deployed
        if one.target.edge
    ]


def outputs(stack: Settings, zone: contracts.Dns | None, deployed: Sequence[Deployed]) -> dict[str, Any]:
    """What whoever holds the parent domain needs; without a zone of ours, the records that somebody has to make."""
    if stack.dns.zone is None:
        return {}
    if zone is not None:
        return {"zone": stack.dns.zone, "nameServers": zone.name_servers, "signers": zone.signers}
    wanted = {hostnames.peers(stack, one.target.site): one.peers_address for one in deployed if one.peers_address}
    return {"zone": stack.dns.zone, "wanted": wanted}
