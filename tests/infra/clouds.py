"""The site of each cloud as its component declares it: a compliant stack, and a recorder of its resources."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from infra import contracts
from infra.contracts import SiteContext, Target
from infra.settings.loader import parse
from infra.settings.stack import Settings
from stacks.dns import write
from tests.infra.recorder import Recorded, record

HOSTS = ("rpc.pouw.example.org", "primary.pouw.example.org")
STACK: Mapping[str, Any] = {
    "environment": "production",
    "dns": {"zone": "pouw.example.org"},
    "contacts": ["oncall@pouw.example.org"],
    "tags": {"cost-centre": "network"},
    "balancer": {"exposure": {"type": "LoadBalancer", "allowFrom": ["198.51.100.0/24"]}},
}


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """One cloud: the settings of a compliant site, and the outputs that components read."""

    site: Mapping[str, Any]
    answers: Mapping[str, Mapping[str, Any]]

    def settings(self, site: Mapping[str, Any] | None = None, **stack: Any) -> Settings:
        """Return the compliant stack with changes to its site and to itself."""
        values: dict[str, Any] = deepcopy({**STACK, **stack})
        values["sites"] = [{**self.site, **(site or {})}]
        return parse(values)

    def site_context(self, site: Mapping[str, Any] | None = None, **stack: Any) -> SiteContext[Any]:
        """Return the context of that stack's site."""
        created = self.settings(site, **stack)
        return contracts.site_context(created, created.managed_sites[0])

    def declare_site(self, stack: Settings, *, edge: bool = True) -> Any:
        """Declare the stack's first site, and a zone with its names where it has an edge."""
        folder = f"infra.{self.site['cloud']}"
        sites, zones = importlib.import_module(f"{folder}.site"), importlib.import_module(f"{folder}.dns")
        context = contracts.site_context(stack, stack.managed_sites[0])
        dns = zones.Dns("dns", zones.DnsArgs(context=context, zone="pouw.example.org")) if edge else None
        arguments = sites.SiteArgs(
            context=context,
            contacts=stack.contacts,
            repository="pouw",
            hosts=HOSTS,
            allow_from=stack.balancer.exposure.allow_from if edge else (),
        )
        site = sites.Site(context.site.name, arguments)
        if dns is not None:
            write(dns, site.edge.proofs)
            target = Target(site="primary", active=True, kind=site.edge.kind, address=site.edge.address)
            dns.failover("service", host=HOSTS[0], targets=[target])
        return site

    def record_site(self, stack: Settings | None = None, *, edge: bool = True) -> Sequence[Recorded]:
        """Return all resources that the site declares."""
        resources = record(lambda: self.declare_site(stack or self.settings(), edge=edge), self.answers)
        return [replace(resource, inputs=with_integers(resource.inputs)) for resource in resources]


def with_integers(value: Any) -> Any:
    """Return the value with integers instead of floats without a fraction: the wire format has only floats."""
    if isinstance(value, Mapping):
        return {key: with_integers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_integers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def kind(resources: Sequence[Recorded], name: str) -> list[Recorded]:
    """Return the resources of one type, by the last part of its token."""
    return [resource for resource in resources if resource.token.rpartition(":")[2] == name and resource.custom]
