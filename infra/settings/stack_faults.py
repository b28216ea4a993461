"""Faults between the parts of a stack: sites that exclude each other, and what sites require of the stack."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence

from infra import addressing
from infra.clouds import CLOUDS
from infra.faults import Fault
from infra.kubernetes.settings import ClusterSite
from infra.settings import site_faults, slot_faults
from infra.settings.draft import Draft
from infra.settings.site import ManagedSite
from infra.settings.stack import Settings

_SITES = "pouw:sites"
_ALLOW_FROM = "pouw:balancer.exposure.allowFrom"


def faults(draft: Draft, values: Mapping[str, object]) -> Iterator[Fault]:
    """Yield the faults of a stack, of each of its sites, and between them; ``values`` are the raw ones."""
    yield from _names_and_roles(values.get("sites"))
    yield from slot_faults.faults(values)
    stack = draft.stack
    managed = [(path, site) for path, site in draft.sites if isinstance(site, ManagedSite)]
    for path, site in managed:
        yield from site_faults.faults(path, site, production=stack.environment == "production")
        yield from CLOUDS[site.cloud].module("fitness").faults(path, site, stack)
    yield from _overlaps(managed)
    if managed:
        yield from _exposure(stack)
        yield from _contacts(stack)
    yield from _names(stack)
    clusters = [(path, site) for path, site in draft.sites if isinstance(site, ClusterSite)]
    for path, cluster in clusters if len(draft.sites) > 1 else ():
        if not cluster.egress:
            yield Fault(
                path=f"{path}.egress",
                message="is missing with several sites",
                expected="the ranges that its connections come from",
                reason="the other sites refuse connections from any other address",
            )
    if stack.environment == "production" and stack.policy.enforcement == "advisory":
        yield Fault(
            path="pouw:policy.enforcement",
            message="is too lax",
            got="'advisory'",
            expected="'mandatory' in production",
            reason="an advisory gate lets violations through",
        )


def _names_and_roles(raw: object) -> Iterator[Fault]:
    """Yield faults of all sites, those of unknown clouds included."""
    if raw == []:
        yield Fault(path=_SITES, message="is empty", got="[]", expected="at least 1 site")
    sites = [site for site in raw if isinstance(site, Mapping)] if isinstance(raw, list) else []
    names = [site.get("name") for site in sites]
    for index, name in enumerate(names):
        if name is not None and name in names[:index]:
            yield Fault(
                path=f"{_SITES}[{index}].name",
                message="is the name of two sites",
                got=repr(name),
                expected="a name of its own",
                reason="resources and hosts carry the name of their site",
            )
    if sites and all(site.get("role") == "standby" for site in sites):
        yield Fault(
            path=_SITES,
            message="has no active site",
            got="only standby sites",
            expected="at least one site with role: active",
            reason="a standby serves no client",
        )


def _overlaps(managed: Sequence[tuple[str, ManagedSite]]) -> Iterator[Fault]:
    networks = {path: site.network.cidr for path, site in managed}
    names = {path: site.name for path, site in managed}
    for first, second in addressing.overlaps(list(networks.items())):
        yield Fault(
            path=f"{second}.network.cidr",
            message=f"overlaps the network of site {names[first]}",
            got=f"{networks[second]} and {networks[first]}",
            expected="ranges that share no address",
            reason="sites of one stack may be connected later",
        )


def _exposure(stack: Settings) -> Iterator[Fault]:
    exposure = stack.balancer.exposure
    if exposure.type == "NodePort":
        yield Fault(
            path="pouw:balancer.exposure.type",
            message="is not allowed with a cloud site",
            got="'NodePort'",
            expected="ClusterIP, or LoadBalancer with allowFrom",
            reason="machines of a cloud site have no public addresses",
        )
    if exposure.type == "LoadBalancer" and not exposure.allow_from:
        yield Fault(
            path=_ALLOW_FROM,
            message="is missing with a cloud site",
            expected="the ranges that may reach the balancer",
            reason="a cloud site refuses connections from addresses that are not listed",
        )
    titles = sorted({CLOUDS[site.cloud].title for site in stack.managed_sites if not _accepts_ipv6(site)})
    for index, cidr in enumerate(stack.allow_from if titles else ()):
        if ipaddress.ip_network(cidr).version != 4:
            yield Fault(
                path=f"{_ALLOW_FROM}[{index}]",
                message="is a range of IPv6",
                got=repr(cidr),
                expected="a range of IPv4",
                reason=f"the edge on {' and '.join(titles)} has IPv4 addresses alone",
            )


def _accepts_ipv6(site: ManagedSite) -> bool:
    return CLOUDS[site.cloud].edge_accepts_ipv6


def _contacts(stack: Settings) -> Iterator[Fault]:
    if not stack.contacts:
        yield Fault(
            path="pouw:contacts",
            message="is missing with a cloud site",
            expected="mail addresses that receive alarms and budget notices",
            reason="an alarm needs a reader",
        )


def _names(stack: Settings) -> Iterator[Fault]:
    several = len(stack.sites) > 1
    if stack.dns.zone is None and (several or (stack.managed_sites and stack.balancer.exposure.type == "LoadBalancer")):
        reason = "sites find each other by name" if several else "the edge's certificate is for a name"
        yield Fault(
            path="pouw:dns.zone",
            message=f"is missing with {'several sites' if several else 'a public balancer'}",
            expected="a domain, such as 'pouw.example.org'",
            reason=reason,
        )
