"""Names of a stack: a zone with the first cloud site, a name a site, and one that follows the site that serves."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi

from infra import contracts
from infra.contracts import Target
from infra.settings import Settings
from infra.sites import Site
from infra.workload import P2P_PORT

if TYPE_CHECKING:
    from workloads import Deployed


def declare(stack: Settings, providers: Mapping[str, pulumi.ProviderResource]) -> contracts.Names | None:
    """The zone, held by the first active cloud site's cloud; ``None`` where no name or no cloud is asked for."""
    managed = [site for site in stack.sites if site.managed]
    if stack.dns.zone is None or not managed:
        return None
    home = next((site for site in managed if site.role == "active"), managed[0])
    cloud = importlib.import_module(f"infra.{home.cloud}.names")
    arguments = cloud.NamesArgs(place=contracts.place(stack, home), zone=stack.dns.zone)
    opts = pulumi.ResourceOptions(providers=[providers[home.name]])
    made: contracts.Names = cloud.Names("names", arguments, opts)
    return made


def peers_host(stack: Settings, site: Site) -> str:
    """The name under which other sites find a site's nodes."""
    return f"peers-{site.name}.{stack.dns.zone}" if stack.dns.zone else ""


def peers_entry(stack: Settings, site: Site) -> str:
    """The same as ``host:port``. It is known before any address is, so that sites can name each other."""
    return f"{peers_host(stack, site)}:{P2P_PORT}"


def record(stack: Settings, zone: contracts.Names | None, deployed: Sequence[Deployed]) -> None:
    """Put every site's names into the zone, where there is one."""
    if stack.dns.zone is None or zone is None:
        return
    for one in deployed:
        site, ground = one.ground.site, one.ground
        if one.peers_address is not None:
            host, kind = peers_host(stack, site), ground.peers_entry.kind
            zone.record(f"{site.name}-peers", host=host, kind=kind, value=one.peers_address)
        if ground.edge:
            host = f"{site.name}.{stack.dns.zone}"
            zone.record(f"{site.name}-edge", host=host, kind=ground.address_kind, value=ground.address)
    if targets := _targets(deployed):
        zone.failover("service", host=f"{stack.dns.host}.{stack.dns.zone}", targets=targets)


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
        return {"zone": stack.dns.zone, "nameServers": zone.name_servers, "signers": zone.signers}
    wanted = {peers_host(stack, one.ground.site): one.peers_address for one in deployed if one.peers_address}
    return {"zone": stack.dns.zone, "wanted": wanted}
