"""Faults of sites that no single value shows: regions and zones, address ranges, what a cloud or production insists on.

They are looked for in the raw values, so that they are told together with all others. A site whose own values are
wrong is left to the settings' own faults.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pydantic

from infra import addons, addressing
from infra.faults import Fault, choices
from infra.regions import ZONES
from infra.settings.site import Site

_SITES: Final = "pouw:sites"
_ACCOUNTS: Final = {
    "aws": (r"^[0-9]{12}$", "an AWS account of 12 digits"),
    "azure": (r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "an Azure subscription (a UUID in lower case)"),
    "gcp": (r"^[a-z][-a-z0-9]{4,28}[a-z0-9]$", "a GCP project of 6 to 30 lower-case letters, digits and hyphens"),
}
_TENANT: Final = (_ACCOUNTS["azure"][0], "the directory of the subscription (a UUID in lower case)")
_CLOUD_KEYS: Final = ("region", "zones", "account", "tenant", "network", "cluster", "pools", "backups", "budget")
_KUBERNETES_KEYS: Final = ("context", "storage_class", "egress", "address_pool")


def faults(values: Mapping[str, object]) -> Iterator[Fault]:
    """Faults within and between the sites of a stack's raw values (keys without the ``pouw:`` prefix)."""
    raw = values.get("sites")
    if raw == []:
        yield Fault(path=_SITES, message="is empty", got="[]", expected="at least 1 site")
    if not isinstance(raw, list):
        return
    yield from _names_and_roles([site for site in raw if isinstance(site, Mapping)])
    sites = {index: site for index, entry in enumerate(raw) if (site := _typed(entry)) is not None}
    for index, site in sites.items():
        yield from _site(f"{_SITES}[{index}]", site, production=values.get("environment") == "production")
    yield from _between(sites)
    yield from _stack(values, list(sites.values()))


def _typed(entry: object) -> Site | None:
    try:
        return Site.model_validate_json(json.dumps(entry))
    except (pydantic.ValidationError, TypeError):
        return None


def _names_and_roles(sites: list[Mapping[Any, Any]]) -> Iterator[Fault]:
    names = [site.get("name") for site in sites]
    for index, name in enumerate(names):
        if name is not None and name in names[:index]:
            path = f"{_SITES}[{index}].name"
            yield Fault(path=path, message="two sites of one name", got=repr(name), expected="a name of its own")
    if sites and all(site.get("role") == "standby" for site in sites):
        expected = "at least one site with role: active"
        yield Fault(path=_SITES, message="no active site", got="only standby sites", expected=expected)


def _site(path: str, site: Site, *, production: bool) -> Iterator[Fault]:
    wrong = _CLOUD_KEYS if not site.managed else _KUBERNETES_KEYS
    given = site.model_fields_set
    for key in wrong:
        if key in given:
            name = Site.model_fields[key].alias or key
            here = "an existing cluster" if not site.managed else f"cloud: {site.cloud}"
            yield Fault(path=f"{path}.{name}", message=f"has no meaning for {here}", expected="to be left out")
    if site.managed:
        yield from _place(path, site)
        if site.network.ddos_plan is not None and site.cloud != "azure":
            message = f"has no meaning for cloud: {site.cloud}"
            yield Fault(path=f"{path}.network.ddosPlan", message=message, expected="to be left out")
        yield from _ranges(path, site)
        yield from _bounds(path, site)
        yield from _cluster(f"{path}.cluster", site)
        yield from _duties(path, site, production=production)


def _place(path: str, site: Site) -> Iterator[Fault]:
    regions = ZONES[site.cloud]
    if site.region is None:
        yield Fault(path=f"{path}.region", message="is missing", got="nothing", expected=f"a region of {site.cloud}")
    elif site.region not in regions:
        yield _region_fault(f"{path}.region", site, site.region)
    elif site.zones:
        known = regions[site.region]
        for index, zone in enumerate(site.zones):
            if zone not in known:
                where = f"{path}.zones[{index}]"
                expected = f"one of {choices(known, zone)}"
                yield Fault(path=where, message=f"is no zone of {site.region}", got=repr(zone), expected=expected)
        if len(set(site.zones)) != 3 or len(site.zones) != 3:
            got = ", ".join(site.zones)
            yield Fault(path=f"{path}.zones", message="is not allowed", got=got, expected="three different zones")
    yield from _identifier(f"{path}.account", site.account, _ACCOUNTS[site.cloud])
    if site.cloud == "azure":
        yield from _identifier(f"{path}.tenant", site.tenant, _TENANT)
    elif site.tenant is not None:
        where, message = f"{path}.tenant", f"has no meaning for cloud: {site.cloud}"
        yield Fault(path=where, message=message, expected="to be left out")


def _identifier(path: str, value: str | None, allowed: tuple[str, str]) -> Iterator[Fault]:
    pattern, expected = allowed
    if value is None:
        yield Fault(path=path, message="is missing", got="nothing", expected=expected)
    elif not re.match(pattern, value):
        yield Fault(path=path, message="is not allowed", got=repr(value), expected=expected)


def _region_fault(path: str, site: Site, region: str) -> Fault:
    expected = f"one of {choices(sorted(ZONES[site.cloud]), region)}"
    return Fault(
        path=path, message=f"is no region of {site.cloud} that pouw knows", got=repr(region), expected=expected
    )


def _ranges(path: str, site: Site) -> Iterator[Fault]:
    network = site.network
    try:
        addressing.plan(network.cidr)
    except ValueError as error:
        got, expected = repr(network.cidr), "a private range from /16 to /20 without host bits"
        yield Fault(path=f"{path}.network.cidr", message=str(error).split(": ")[0], got=got, expected=expected)
        return
    for key in ("cidr", "pods", "services"):
        if ipaddress.ip_network(getattr(network, key)).is_global:
            got = repr(getattr(network, key))
            yield Fault(path=f"{path}.network.{key}", message="is public", got=got, expected="a private range")
    own = [("cidr", network.cidr), ("pods", network.pods), ("services", network.services)]
    for first, second in addressing.overlaps(own):
        got = f"{getattr(network, first)} and {getattr(network, second)}"
        expected = "ranges that share no address"
        yield Fault(path=f"{path}.network.{second}", message=f"overlaps {first}", got=got, expected=expected)


def _bounds(path: str, site: Site) -> Iterator[Fault]:
    pools = site.pools
    for name, pool in (("system", pools.system), ("miners", pools.miners), ("rpc", pools.rpc)):
        if pool.maximum < pool.minimum:
            got, expected = f"{pool.maximum}", f"at least the minimum, {pool.minimum}"
            yield Fault(path=f"{path}.pools.{name}.maximum", message="is not allowed", got=got, expected=expected)
    if pools.miners.on_demand_floor > pools.miners.maximum:
        got, expected = str(pools.miners.on_demand_floor), f"at most the maximum, {pools.miners.maximum}"
        where = f"{path}.pools.miners.onDemandFloor"
        yield Fault(path=where, message="is not allowed", got=got, expected=expected)


def _cluster(path: str, site: Site) -> Iterator[Fault]:
    cluster = site.cluster
    if site.cloud != "aws":
        for key in ("administrators", "addons"):
            if getattr(cluster, key):
                message = f"has no meaning for cloud: {site.cloud}"
                yield Fault(path=f"{path}.{key}", message=message, expected="to be left out")
        return
    if not cluster.administrators:
        expected = "the role that deploys the stack, and whoever else administers the cluster"
        yield Fault(path=f"{path}.administrators", message="is empty", got="nobody", expected=expected)
    for index, identity in enumerate(cluster.administrators):
        if re.match(_ACCOUNTS["aws"][0], site.account or "") and f"::{site.account}:" not in identity:
            expected = f"one of the site's account, {site.account}"
            where = f"{path}.administrators[{index}]"
            yield Fault(path=where, message="is of another account", got=repr(identity), expected=expected)
        if identity in cluster.administrators[:index]:
            where = f"{path}.administrators[{index}]"
            yield Fault(path=where, message="is there twice", got=repr(identity), expected="each once")
    if unknown := addons.missing(cluster):
        known = ", ".join(addons.REVIEWED)
        expected = f"a version each for {', '.join(unknown)}, or a Kubernetes version of {known}"
        message = f"lacks add-ons of which no version was reviewed for {cluster.version}"
        yield Fault(path=f"{path}.addons", message=message, got=repr(dict(cluster.addons)), expected=expected)


def _duties(path: str, site: Site, *, production: bool) -> Iterator[Fault]:
    copy = site.backups.copy_region
    where = f"{path}.backups.copyRegion"
    if copy is None:
        yield Fault(path=where, message="is missing", got="nothing", expected=f"another region of {site.cloud}")
    elif copy not in ZONES[site.cloud]:
        yield _region_fault(where, site, copy)
    elif copy == site.region:
        yield Fault(path=where, message="is the site's own region", got=repr(copy), expected="another region")
    if production and site.budget is None:
        expected = "a monthly budget"
        yield Fault(path=f"{path}.budget", message="is missing in production", got="nothing", expected=expected)
    if site.cloud == "gcp" and site.budget is not None and site.budget.billing_account is None:
        expected = "the billing account that the budget belongs to"
        yield Fault(path=f"{path}.budget.billingAccount", message="is missing", got="nothing", expected=expected)
    if site.cloud == "azure" and site.budget is not None and site.budget.since is None:
        expected = "the first day of the month that the site is made in, such as '2026-11-01'"
        yield Fault(path=f"{path}.budget.since", message="is missing", got="nothing", expected=expected)


def _between(sites: Mapping[int, Site]) -> Iterator[Fault]:
    managed = {index: site for index, site in sites.items() if site.managed}
    for first, second in addressing.overlaps([(str(index), site.network.cidr) for index, site in managed.items()]):
        one, other = managed[int(first)], managed[int(second)]
        got = f"{other.network.cidr} and {one.network.cidr}"
        yield Fault(
            path=f"{_SITES}[{second}].network.cidr",
            message=f"overlaps the network of site {one.name}",
            got=got,
            expected="ranges that share no address",
        )


def _stack(values: Mapping[str, object], sites: list[Site]) -> Iterator[Fault]:
    managed = [site for site in sites if site.managed]
    balancer = values.get("balancer")
    exposure = balancer.get("exposure") if isinstance(balancer, Mapping) else None
    exposed = exposure if isinstance(exposure, Mapping) else {}
    public = exposed.get("type") == "LoadBalancer"
    if managed and exposed.get("type") == "NodePort":
        path, expected = "pouw:balancer.exposure.type", "ClusterIP, or LoadBalancer with allowFrom"
        yield Fault(path=path, message="a cloud site opens no node ports", got="NodePort", expected=expected)
    if managed and public and not exposed.get("allowFrom"):
        path, expected = "pouw:balancer.exposure.allowFrom", "the ranges that may reach a cloud site's balancer"
        yield Fault(path=path, message="is missing", got="nothing", expected=expected)
    ranges = exposed.get("allowFrom")
    narrow = [site.cloud for site in managed if site.cloud != "azure"] if public else []
    for index, text in enumerate(ranges if isinstance(ranges, list) and narrow else ()):
        if ":" in str(text):
            path, expected = f"pouw:balancer.exposure.allowFrom[{index}]", "a range of IPv4"
            message = f"cannot come in, since the edge on {narrow[0]} has addresses of IPv4 alone"
            yield Fault(path=path, message=message, got=repr(text), expected=expected)
    dns = values.get("dns")
    zone = dns.get("zone") if isinstance(dns, Mapping) else None
    if zone is None and (len(sites) > 1 or (managed and public)):
        reason = "several sites" if len(sites) > 1 else "a public balancer"
        yield Fault(path="pouw:dns.zone", message=f"is missing with {reason}", got="nothing", expected="a domain")
    for index, site in enumerate(sites):
        if len(sites) > 1 and site.cloud == "kubernetes" and not site.egress:
            path, expected = f"{_SITES}[{index}].egress", "the ranges that its connections come from"
            yield Fault(path=path, message="is missing with several sites", got="nothing", expected=expected)
    azure = [index for index, site in enumerate(sites) if site.cloud == "azure"]
    for index in azure[1:] if public else ():
        yield Fault(
            path=f"{_SITES}[{index}].cloud",
            message="is a second Azure site behind one public name",
            got="azure",
            expected="another cloud, because Azure's edge serves a name in one place only",
        )
    if managed and not values.get("contacts"):
        expected = "mail addresses that alarms and budgets are sent to"
        yield Fault(path="pouw:contacts", message="is missing for a cloud site", got="nothing", expected=expected)
