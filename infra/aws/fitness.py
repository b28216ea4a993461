"""Limits of AWS that no single setting shows and that no other cloud has."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

from infra.aws import addons
from infra.aws.settings import AwsSite
from infra.faults import Fault
from infra.settings.stack import Settings

_MOST_TAGS: Final = 50
_OTHER_TAGS: Final = 5
"""Tags that the stack adds to the user's: four on every resource, and a name."""
_MOST_API_RANGES: Final = 40
_MOST_RANGES: Final = 10_000
"""Ranges in one IP set of the web firewall."""
_LONGEST_HOST: Final = 64
_SERVICES: Final = (12, 24)
"""Shortest and longest prefix of a cluster's service range."""
_SERVICE_NETWORKS: Final = tuple(
    ipaddress.IPv4Network(cidr) for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)
_INSTANCE: Final = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9-]+")


def faults(path: str, site: AwsSite, stack: Settings) -> Iterator[Fault]:
    """Yield the faults of a site; ``path`` is the path of its settings."""
    yield from _administrators(f"{path}.cluster.administrators", site)
    yield from _addons(f"{path}.cluster.addons", site)
    yield from _instances(f"{path}.pools", site)
    yield from _services(f"{path}.network.services", site)
    yield from _counts(path, site, stack)
    hosts = stack.dns.site_hosts(site.name)
    if stack.allow_from and hosts and len(hosts[0]) > _LONGEST_HOST:
        yield Fault(
            path="pouw:dns",
            message="results in a host that is too long for AWS",
            got=repr(hosts[0]),
            expected=f"at most {_LONGEST_HOST} characters",
            reason="it is the common name of the edge's certificate",
            remedy="shorten dns.host or dns.zone",
        )


def _administrators(path: str, site: AwsSite) -> Iterator[Fault]:
    administrators = site.cluster.administrators
    if not administrators:
        yield Fault(
            path=path,
            message="is missing",
            expected="the role that deploys the stack, and every other administrator of the cluster",
            reason="EKS gives the creator of a cluster no rights in it",
        )
    for index, identity in enumerate(administrators):
        if site.account and f"::{site.account}:" not in identity:
            yield Fault(
                path=f"{path}[{index}]",
                message="is of another account",
                got=repr(identity),
                expected=f"a role or user of the site's account, {site.account}",
                reason="EKS admits principals of the cluster's own account",
            )
        if identity in administrators[:index]:
            yield Fault(
                path=f"{path}[{index}]", message="is listed twice", got=repr(identity), expected="each identity once"
            )


def _addons(path: str, site: AwsSite) -> Iterator[Fault]:
    cluster = site.cluster
    if missing := addons.missing(cluster):
        yield Fault(
            path=path,
            message=f"lacks versions for Kubernetes {cluster.version}",
            got=", ".join(f"{name}: {version}" for name, version in cluster.addons.items()) or "no version",
            expected=f"a version for each of {', '.join(missing)}, or Kubernetes {' or '.join(addons.REVIEWED)}",
            reason=f"no add-on version was reviewed for Kubernetes {cluster.version}",
        )


def _instances(path: str, site: AwsSite) -> Iterator[Fault]:
    for name, pool in site.pools.by_name.items():
        if pool.instance is not None and not _INSTANCE.fullmatch(pool.instance):
            yield Fault(
                path=f"{path}.{name}.instance",
                message="is not a machine type of AWS",
                got=repr(pool.instance),
                expected="a type such as 'c7i.2xlarge'",
            )


def _services(path: str, site: AwsSite) -> Iterator[Fault]:
    services = ipaddress.IPv4Network(site.network.services)
    shortest, longest = _SERVICES
    if not shortest <= services.prefixlen <= longest or not any(map(services.subnet_of, _SERVICE_NETWORKS)):
        yield Fault(
            path=path,
            message="is not allowed on AWS",
            got=repr(str(services)),
            expected=f"a range from /{shortest} to /{longest} in {', '.join(map(str, _SERVICE_NETWORKS))}",
            reason="EKS accepts no other service range",
        )


def _counts(path: str, site: AwsSite, stack: Settings) -> Iterator[Fault]:
    limits = (
        (f"{path}.cluster.apiAllowFrom", len(site.cluster.api_allow_from), _MOST_API_RANGES, "ranges", "an API server"),
        ("pouw:balancer.exposure.allowFrom", len(stack.allow_from), _MOST_RANGES, "ranges", "the web firewall"),
        ("pouw:tags", len(stack.tags), _MOST_TAGS - _OTHER_TAGS, "tags", "a resource beside the stack's own tags"),
    )
    for limited, number, maximum, noun, holder in limits:
        if number > maximum:
            yield Fault(
                path=limited,
                message="is too long for AWS",
                got=str(number),
                expected=f"at most {maximum} {noun}",
                reason=f"that is the limit of {holder}",
            )
