"""Names of resources in AWS, within AWS's limits."""

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
"""Longest names by kind. Launch templates, node groups and security groups have a prefix, to which AWS adds 26
characters: with a fixed name, a successor could not be created before its predecessor is deleted."""


def compose_name(kind: str, context: SiteContext, *parts: str) -> str:
    """Return the name of a resource of one site, within the limit of its kind."""
    return fitted("pouw", context.environment, context.site.name, *parts, limit=LIMITS[kind])


def name_prefix(kind: str, context: SiteContext, *parts: str) -> str:
    """Return the beginning of a name that AWS completes."""
    return fitted("pouw", context.environment, context.site.name, *parts, limit=LIMITS[kind] - 1) + "-"


def cluster_name(context: SiteContext) -> str:
    """Return the name of the site's cluster, which subnets and log groups carry before the cluster exists."""
    return compose_name("cluster", context)


def account(context: SiteContext) -> str:
    """Return the site's account."""
    return context.site.account


def cluster_arn(context: SiteContext) -> str:
    """Return the ARN of the site's cluster."""
    return f"arn:aws:eks:{context.region}:{account(context)}:cluster/{cluster_name(context)}"


def bucket(context: SiteContext, region: str) -> str:
    """Return the name of the bucket for backups in a region. All accounts share the names of buckets."""
    return compose_name("bucket", context, "backups", account(context), region)


def bucket_arn(context: SiteContext, region: str) -> str:
    """Return the ARN of the bucket for backups in a region."""
    return f"arn:aws:s3:::{bucket(context, region)}"


def log_bucket(context: SiteContext, region: str) -> str:
    """Return the name of the bucket for access logs of a region."""
    return compose_name("bucket", context, "logs", account(context), region)


def key(context: SiteContext, region: str) -> NamedKey:
    """Return the site's key in a region, as policies name it."""
    return NamedKey(account=account(context), region=region, alias=f"alias/{compose_name('alias', context)}")


def log_group_arn(context: SiteContext, name: str) -> str:
    """Return the ARN of a log group of the site."""
    return f"arn:aws:logs:{context.region}:{account(context)}:log-group:{name}"
