"""What the sites of a stack must be in production: where they stand, what is kept of them, and who takes over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from policies.kubernetes.relations import SERVICE, metadata
from policies.names import SETTINGS_TYPE
from policies.rule import Absence, AnyRule, Level, Props, Severity, StackRule
from policies.stack import Resource, Stack

_REFERENCE = "https://www.pulumi.com/docs/iac/concepts/config/"
_EVERYBODY = ("0.0.0.0/0", "::/0")
_LEAST_DAYS = 30
_LEAST_ZONES = 2


def _each_site(
    check: Callable[[Props, Stack], Iterator[str]], *, managed: bool = False
) -> Callable[[Resource, Stack], Iterator[str]]:
    """A check of every site of a production stack; ``managed``: of those whose cluster a cloud manages."""

    def applied(settings: Resource, stack: Stack) -> Iterator[str]:
        if settings.props.get("environment", "production") != "production":
            return
        sites = settings.props["sites"]
        for index in range(len(sites)):
            if not managed or sites[index]["cloud"] != "kubernetes":
                for message in check(sites[index], stack):
                    yield f"sites[{index}].{message}"

    return applied


def _is_copied(site: Props, stack: Stack) -> Iterator[str]:
    del stack
    copy = (site.get("backups") or {}).get("copyRegion")
    if not copy or copy == site["region"]:
        yield f"backups.copyRegion: is {copy or 'missing'}, so site {site['name']} has no backup outside of its region"


def _is_kept(site: Props, stack: Stack) -> Iterator[str]:
    del stack
    days = (site.get("backups") or {}).get("retentionDays")
    if days is not None and float(days) < _LEAST_DAYS:
        yield f"backups.retentionDays: is {float(days):g}, and must be at least {_LEAST_DAYS}"


def _is_in_zones(site: Props, stack: Stack) -> Iterator[str]:
    del stack
    zones = list(site.get("zones") or ())
    if zones and len(set(zones)) < _LEAST_ZONES:
        yield f"zones: names {len(set(zones))}, and must name at least {_LEAST_ZONES}"
    pools = site.get("pools") or {}
    for name in pools:
        least = pools[name].get("minimum")
        if least is not None and float(least) < _LEAST_ZONES:
            yield f"pools.{name}.minimum: is {float(least):g}, so all of its machines stand in one zone"


def _leaves_in_every_zone(site: Props, stack: Stack) -> Iterator[str]:
    del stack
    if (site.get("network") or {}).get("translation") == "shared":
        yield "network.translation: is shared, so every zone is cut off with the one that it stands in"


def _keeps_its_api(site: Props, stack: Stack) -> Iterator[str]:
    del stack
    ranges: Any = (site.get("cluster") or {}).get("apiAllowFrom") or ()
    for index in range(len(ranges)):
        if ranges[index] in _EVERYBODY:
            yield f"cluster.apiAllowFrom[{index}]: everybody may reach the API server"


def _is_replicated(site: Props, stack: Stack) -> Iterator[str]:
    """Nodes of all sites form one network through their peers' entries: a standby without one stands still."""
    if site.get("role") != "standby":
        return
    entries = [metadata(one).get("labels") or {} for one in stack.of(SERVICE)]
    if not any(
        labels.get("app.kubernetes.io/component") == "peers" and labels.get("pouw.dev/site") == site["name"]
        for labels in entries
    ):
        yield f"role: no peers' entry leads to standby {site['name']}, so it does not follow the chain"


def _has_a_standby(settings: Resource, stack: Stack) -> Iterator[str]:
    del stack
    if settings.props.get("environment", "production") == "production" and len(settings.props["sites"]) < 2:
        yield "sites: there is one, and nothing takes over when its region is away"


_rule = partial(StackRule, types=(SETTINGS_TYPE,), severity=Severity.HIGH, absent=Absence.ALLOW, reference=_REFERENCE)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="pouw-sites-site-require-backup",
        absent=Absence.DENY,
        why="What is lost with a region is lost for good if its copies were there too.",
        remedy="Name another region in pouw:sites[…].backups.copyRegion.",
        check=_each_site(_is_copied, managed=True),
    ),
    _rule(
        id="pouw-sites-site-limit-retention",
        severity=Severity.MEDIUM,
        why="Damage that is found after the last good backup has gone cannot be undone.",
        remedy="Set pouw:sites[…].backups.retentionDays to 30 or more.",
        check=_each_site(_is_kept, managed=True),
    ),
    _rule(
        id="pouw-sites-site-require-zones",
        why="A site in one zone is away with it.",
        remedy="Leave zones out, which takes three, and let every pool have two machines or more.",
        check=_each_site(_is_in_zones, managed=True),
    ),
    _rule(
        id="pouw-sites-site-match-translation",
        severity=Severity.MEDIUM,
        why="One way out for three zones is one zone's failure for all of them.",
        remedy="Set pouw:sites[…].network.translation to zone.",
        check=_each_site(_leaves_in_every_zone, managed=True),
    ),
    _rule(
        id="pouw-sites-site-deny-open-api",
        why="An API server that everybody reaches is one flaw away from everybody.",
        remedy="List the ranges of your operators in pouw:sites[…].cluster.apiAllowFrom, or none.",
        check=_each_site(_keeps_its_api, managed=True),
    ),
    _rule(
        id="pouw-sites-standby-require-replication",
        absent=Absence.DENY,
        why="A standby that does not follow the chain takes over with an old one.",
        remedy="Give the stack a zone in pouw:dns.zone, by which its sites find each other.",
        check=_each_site(_is_replicated),
    ),
    _rule(
        id="pouw-sites-stack-require-standby",
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A network of one site is away with its region.",
        remedy="Add a site with role: standby in another region, or another cloud.",
        check=_has_a_standby,
    ),
)
