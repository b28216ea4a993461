"""Names of resources in Google Cloud, within Google's limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from infra.contracts import SiteContext
from infra.naming import fitted

LIMITS: Final[Mapping[str, int]] = {
    "account": 30,
    "bucket": 63,
    "cluster": 40,
    "compute": 63,
    "log-bucket": 100,
    "pool": 40,
    "repository": 63,
    "sink": 100,
    "zone": 63,
}
"""Longest names by kind. The engine names all other kinds: resources that are replaced while in use, and key rings,
whose names Google never releases."""


def compose_name(kind: str, context: SiteContext, *parts: str) -> str:
    """Return the name of a resource of one site, within the limit of its kind."""
    return fitted("pouw", context.environment, context.site.name, *parts, limit=LIMITS[kind])


def bucket_name(context: SiteContext, part: str) -> str:
    """Return a bucket's name. All customers share the names of buckets, so it begins with the project's unique id."""
    return fitted(project(context), "pouw", context.environment, context.site.name, part, limit=LIMITS["bucket"])


def project(context: SiteContext) -> str:
    """Return the site's project."""
    return context.site.account


def copy_region(context: SiteContext) -> str:
    """Return the region of the backups' copy."""
    return context.site.backups.copy_region


def machine_tag(context: SiteContext, pool: str) -> str:
    """Return the network tag of a pool's machines, by which firewall rules select them."""
    return compose_name("compute", context, pool)
