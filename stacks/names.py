"""Names of a stack: a zone, a name for each site, and one that follows the site that serves."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

import hosts
from infra import contracts
from infra.contracts import Target
from infra.settings import Settings
from workloads import Deployed


def declare(stack: Settings, providers: Mapping[str, pulumi.ProviderResource]) -> contracts.Names | None:
    """The zone; ``None`` where no name or no cloud is asked for."""
    home = stack.zone_holder
    if home is None:
        return None
    cloud = importlib.import_module(f"infra.{home.cloud}.names")
    arguments = cloud.NamesArgs(place=contracts.place(stack, home), zone=stack.dns.zone)
    opts = pulumi.ResourceOptions(providers=[providers[home.name]])
    made: contracts.Names = cloud.Names("names", arguments, opts)
    return made


def record(stack: Settings, zone: contracts.Names | None, deployed: Sequence[Deployed]) -> None:
    """Put every site's names into the zone, where there is one."""
    if stack.dns.zone is None or zone is None:
        return
    for one in deployed:
        site, ground = one.ground.site, one.ground
        if one.peers_address is not None:
            host, kind = hosts.peers(stack, site), ground.peers_entry.kind
            zone.record(f"{site.name}-peers", host=host, kind=kind, value=one.peers_address)
        if ground.edge:
            zone.record(
                f"{site.name}-edge", host=hosts.edge(stack, site), kind=ground.address_kind, value=ground.address
            )
    if targets := _targets(deployed):
        zone.failover("service", host=hosts.service(stack), targets=targets)


def _targets(deployed: Sequence[Deployed]) -> list[Target]:
    return [
        Target(
            site=one.ground.site.name,
            active=one.ground.site.role == "active",
            kind=one.ground.address_kind,
            address=one.ground.address,
        )
        for one in deployed
        if one.ground.edge
    ]


def outputs(stack: Settings, zone: contracts.Names | None, deployed: Sequence[Deployed]) -> dict[str, Any]:
    """What whoever holds the parent domain needs; without a zone of ours, the records that somebody has to make."""
    if stack.dns.zone is None:
        return {}
    if zone is not None:
        return {"zone": stack.dns.zone, "nameServers": zone.name_servers}
    wanted = {hosts.peers(stack, one.ground.site): one.peers_address for one in deployed if one.peers_address}
    return {"zone": stack.dns.zone, "wanted": wanted}
