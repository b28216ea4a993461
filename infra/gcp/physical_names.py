"""Physical names within what Google Cloud allows them to be."""

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
"""Characters by kind. What is not named here gets a name from the engine: things that are replaced while others still
use them, and key rings, whose names Google never gives back."""


def compose_name(kind: str, context: SiteContext, *parts: str) -> str:
    """The name of a thing of one site, never longer than its kind may be."""
    return fitted("pouw", context.environment, context.site.name, *parts, limit=LIMITS[kind])


def bucket_name(context: SiteContext, part: str) -> str:
    """Names of buckets are shared by all customers; the project's own is unique among them."""
    return fitted(project(context), "pouw", context.environment, context.site.name, part, limit=LIMITS["bucket"])


def project(context: SiteContext) -> str:
    """The project that the site lives in; its settings were found right."""
    return context.site.account or ""


def copy_region(context: SiteContext) -> str:
    """The region of the backups' copy; its settings were found right."""
    return context.site.backups.copy_region or ""


def machine_tag(context: SiteContext, pool: str) -> str:
    """Network tag of a pool's machines, by which firewall rules find them."""
    return compose_name("compute", context, pool)
