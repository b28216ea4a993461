"""A cloud's site as its component declares it: a compliant stack to begin with, and everything recorded."""

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
    """One cloud: the settings of a compliant site there, and what it would answer that components look into."""

    site: Mapping[str, Any]
    answers: Mapping[str, Mapping[str, Any]]

    def settings(self, site: Mapping[str, Any] | None = None, **stack: Any) -> Settings:
        """The compliant stack with changes to its site and to itself."""
        values: dict[str, Any] = deepcopy({**STACK, **stack})
        values["sites"] = [{**self.site, **(site or {})}]
        return parse(values)

    def site_context(self, site: Mapping[str, Any] | None = None, **stack: Any) -> SiteContext[Any]:
        """The context of that stack's site."""
        made = self.settings(site, **stack)
        return contracts.site_context(made, made.managed_sites[0])

    def site_of(self, stack: Settings, *, edge: bool = True) -> Any:
        """Declare the stack's first site, and a zone with its names where it has an edge."""
        folder = f"infra.{self.site['cloud']}"
        sites, zones = importlib.import_module(f"{folder}.site"), importlib.import_module(f"{folder}.dns")
        where = contracts.site_context(stack, stack.managed_sites[0])
        dns = zones.Dns("dns", zones.DnsArgs(context=where, zone="pouw.example.org")) if edge else None
        arguments = sites.SiteArgs(
            context=where,
            contacts=stack.contacts,
            repository="pouw",
            hosts=HOSTS,
            allow_from=stack.balancer.exposure.allow_from if edge else (),
        )
        site = sites.Site(where.site.name, arguments)
        if dns is not None:
            write(dns, site.edge.proofs)
            target = Target(site="primary", active=True, kind=site.edge.kind, address=site.edge.address)
            dns.failover("service", host=HOSTS[0], targets=[target])
        return site

    def declared(self, stack: Settings | None = None, *, edge: bool = True) -> Sequence[Recorded]:
        """Everything that the site declares."""
        found = record(lambda: self.site_of(stack or self.settings(), edge=edge), self.answers)
        return [replace(one, inputs=whole(one.inputs)) for one in found]


def whole(value: Any) -> Any:
    """The value with whole numbers as such: on the wire every number is a fraction."""
    if isinstance(value, Mapping):
        return {key: whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def kind(found: Sequence[Recorded], name: str) -> list[Recorded]:
    """Resources of one type, by the last part of its token."""
    return [one for one in found if one.token.rpartition(":")[2] == name and one.custom]
