"""Rules about the sites of a production stack: zones, backups and standby sites."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from policies.checks import format_value
from policies.interface import SETTINGS_TYPE
from policies.kubernetes.references import SERVICE, metadata
from policies.rule import Absence, AnyRule, Level, Props, Severity, StackRule
from policies.stack import Resource, Stack

_REFERENCE = "https://www.pulumi.com/docs/iac/concepts/config/"
_INTERNET = ("0.0.0.0/0", "::/0")
_MINIMUM_DAYS = 30
_MINIMUM_ZONES = 2


def _each_site(
    check: Callable[[Props, Stack], Iterator[str]], *, managed: bool = False
) -> Callable[[Resource, Stack], Iterator[str]]:
    """Return a check of every site of a production stack. ``managed`` limits it to clusters managed by a cloud."""

    def check_sites(settings: Resource, stack: Stack) -> Iterator[str]:
        if settings.props.get("environment", "production") != "production":
            return
        sites = settings.props["sites"]
        for index in range(len(sites)):
            if not managed or sites[index]["cloud"] != "kubernetes":
                for message in check(sites[index], stack):
                    yield f"sites[{index}].{message}"

    return check_sites


def _check_backup_copy(site: Props, stack: Stack) -> Iterator[str]:
    del stack
    copy_region = (site.get("backups") or {}).get("copyRegion")
    if not copy_region or copy_region == site["region"]:
        yield (
            f"backups.copyRegion: site {site['name']} has no backup outside its region; got "
            f"{format_value(copy_region)}; expected another region"
        )


def _check_backup_retention(site: Props, stack: Stack) -> Iterator[str]:
    del stack
    days = (site.get("backups") or {}).get("retentionDays")
    if days is not None and float(days) < _MINIMUM_DAYS:
        yield f"backups.retentionDays: is too low; got {float(days):g}; expected at least {_MINIMUM_DAYS}"


def _check_zones(site: Props, stack: Stack) -> Iterator[str]:
    del stack
    zones = list(site.get("zones") or ())
    if zones and len(set(zones)) < _MINIMUM_ZONES:
        yield f"zones: the site is in too few zones; got {len(set(zones))}; expected at least {_MINIMUM_ZONES}"
    pools = site.get("pools") or {}
    for name in pools:
        minimum = pools[name].get("minimum")
        if minimum is not None and float(minimum) < _MINIMUM_ZONES:
            yield (
                f"pools.{name}.minimum: all machines may be in one zone; got {float(minimum):g}; expected at least "
                f"{_MINIMUM_ZONES}"
            )


def _check_translation(site: Props, stack: Stack) -> Iterator[str]:
    del stack
    if (site.get("network") or {}).get("translation") == "shared":
        yield "network.translation: one zone's failure stops the egress of all zones; got shared; expected zone"


def _check_api_ranges(site: Props, stack: Stack) -> Iterator[str]:
    del stack
    ranges: Any = (site.get("cluster") or {}).get("apiAllowFrom") or ()
    for index in range(len(ranges)):
        if ranges[index] in _INTERNET:
            yield (
                f"cluster.apiAllowFrom[{index}]: the API server is open to the Internet; got {ranges[index]}; expected "
                "the operators' ranges"
            )


def _check_replication(site: Props, stack: Stack) -> Iterator[str]:
    """Yield a violation for a standby that the other sites cannot reach.

    Nodes of all sites form one network through peers.
    """
    if site.get("role") != "standby":
        return
    entries = [metadata(service).get("labels") or {} for service in stack.of_type(SERVICE)]
    if not any(
        labels.get("app.kubernetes.io/component") == "peers" and labels.get("pouw.dev/site") == site["name"]
        for labels in entries
    ):
        yield f"role: standby {site['name']} does not follow the chain; got no peers Service; expected one for the site"


def _check_standby(settings: Resource, stack: Stack) -> Iterator[str]:
    del stack
    if settings.props.get("environment", "production") == "production" and len(settings.props["sites"]) < 2:
        yield "sites: the stack has no standby; got 1 site; expected at least 2"


_rule = partial(StackRule, types=(SETTINGS_TYPE,), severity=Severity.HIGH, absent=Absence.ALLOW, reference=_REFERENCE)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="pouw-sites-site-require-backup",
        absent=Absence.DENY,
        why="A failure of the region destroys the data together with its backups.",
        remedy="Set pouw:sites[…].backups.copyRegion to another region.",
        check=_each_site(_check_backup_copy, managed=True),
    ),
    _rule(
        id="pouw-sites-site-limit-retention",
        severity=Severity.MEDIUM,
        why="Damage that is discovered after the last good backup expired cannot be undone.",
        remedy="Set pouw:sites[…].backups.retentionDays to at least 30.",
        check=_each_site(_check_backup_retention, managed=True),
    ),
    _rule(
        id="pouw-sites-site-require-zones",
        why="A failure of its only zone makes the site unavailable.",
        remedy="Remove zones, which selects three, and set the minimum of every pool to at least 2.",
        check=_each_site(_check_zones, managed=True),
    ),
    _rule(
        id="pouw-sites-site-match-translation",
        severity=Severity.MEDIUM,
        why="A failure of the one zone with the NAT gateway stops the egress of all zones.",
        remedy="Set pouw:sites[…].network.translation: zone.",
        check=_each_site(_check_translation, managed=True),
    ),
    _rule(
        id="pouw-sites-site-deny-open-api",
        why="A public API server exposes every vulnerability to the whole Internet.",
        remedy="Set pouw:sites[…].cluster.apiAllowFrom to the operators' ranges, or to an empty list.",
        check=_each_site(_check_api_ranges, managed=True),
    ),
    _rule(
        id="pouw-sites-standby-require-replication",
        absent=Absence.DENY,
        why="A standby that does not follow the chain takes over with outdated data.",
        remedy="Set pouw:dns.zone, through which the sites find each other.",
        check=_each_site(_check_replication),
    ),
    _rule(
        id="pouw-sites-stack-require-standby",
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A failure of the region stops a network with one site.",
        remedy="Add a site with role: standby in another region or cloud to pouw:sites.",
        check=_check_standby,
    ),
)
