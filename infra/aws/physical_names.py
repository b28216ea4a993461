"""Physical names within what AWS allows them to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from infra.aws.access_policies import NamedKey
from infra.contracts import SiteContext
from infra.naming import fitted

LIMITS: Final[Mapping[str, int]] = {
    "alarm": 255,
    "alias": 250,
    "bucket": 63,
    "budget": 100,
    "cluster": 100,
    "firewall": 128,
    "launch-template": 99,
    "load-balancer": 32,
    "log-group": 480,
    "log-policy": 200,
    "node-group": 37,
    "policy": 128,
    "repository": 200,
    "role": 64,
    "security-group": 229,
    "topic": 256,
}
"""Characters by kind. Launch templates, node groups and security groups are given a prefix, to which 26 characters are
added: a fixed name would keep a successor from being made before its predecessor goes."""


def named(kind: str, context: SiteContext, *parts: str) -> str:
    """The name of a thing of one site, never longer than its kind may be."""
    return fitted("pouw", context.environment, context.site.name, *parts, limit=LIMITS[kind])


def prefix(kind: str, context: SiteContext, *parts: str) -> str:
    """The beginning of a name that AWS completes."""
    return fitted("pouw", context.environment, context.site.name, *parts, limit=LIMITS[kind] - 1) + "-"


def cluster_name(context: SiteContext) -> str:
    """The name of the site's cluster: known before it exists, as subnets and log groups carry it."""
    return named("cluster", context)


def account(context: SiteContext) -> str:
    """The account that the site lives in; its settings were found right."""
    return context.site.account or ""


def cluster_arn(context: SiteContext) -> str:
    """The whole name of the site's cluster, for policies that speak of it."""
    return f"arn:aws:eks:{context.region}:{account(context)}:cluster/{cluster_name(context)}"


def bucket(context: SiteContext, region: str) -> str:
    """The name of the bucket of backups in a region. Names of buckets are shared by all accounts of the world."""
    return named("bucket", context, "backups", account(context), region)


def bucket_arn(context: SiteContext, region: str) -> str:
    """The whole name of the bucket of backups in a region."""
    return f"arn:aws:s3:::{bucket(context, region)}"


def log_bucket(context: SiteContext, region: str) -> str:
    """The name of the bucket that access logs of a region go to."""
    return named("bucket", context, "logs", account(context), region)


def key(context: SiteContext, region: str) -> NamedKey:
    """The site's key in a region, as policies speak of it."""
    return NamedKey(account=account(context), region=region, alias=f"alias/{named('alias', context)}")


def log_group_arn(context: SiteContext, name: str) -> str:
    """The whole name of a log group of the site."""
    return f"arn:aws:logs:{context.region}:{account(context)}:log-group:{name}"
