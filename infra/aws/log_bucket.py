"""A bucket that AWS itself writes access logs to: of the site's other buckets in a region, and of its edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_aws.s3.bucket import Bucket
from pulumi_aws.s3.bucket_lifecycle_configuration import BucketLifecycleConfiguration

from infra.aws import access_policies, physical_names
from infra.aws.bucket import harden
from infra.component import Component
from infra.contracts import SiteContext

EDGE: Final = "edge"
"""Prefix of the edge's logs."""
STORAGE: Final = "storage/"
"""Prefix of other buckets' logs."""
_KEPT_AFTER_REMOVAL_DAYS: Final = 30


@dataclass(frozen=True, kw_only=True)
class LogBucketArgs:
    """The bucket of a site in one region."""

    context: SiteContext
    region: str


class LogBucket(Component, token="pouw:aws:LogBucket"):
    """A bucket for access logs. Output: ``bucket``, its name, known once AWS may write to it.

    It is under a key of S3, for AWS delivers these logs to no other, and without a lock, for the same reason; it keeps
    versions instead. Nothing logs who reads the logs: that would log itself.
    """

    bucket: pulumi.Output[str]

    def __init__(self, name: str, args: LogBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context, region = args.context, args.region
        called = physical_names.log_bucket(context, region)
        made = Bucket(
            f"{name}-bucket",
            bucket=called,
            region=region,
            force_destroy=not context.production,
            tags=context.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=context.production),
        )
        document = access_policies.take_logs(
            f"arn:aws:s3:::{called}",
            physical_names.account(context),
            region,
            edge=EDGE,
            storage=(STORAGE, physical_names.bucket_arn(context, region)),
        )
        versioning, policy = harden(self, name, made, region, encryption={"sse_algorithm": "AES256"}, policy=document)
        BucketLifecycleConfiguration(
            f"{name}-clean-up",
            bucket=made.bucket,
            region=region,
            rules=clean_up(context),
            opts=self.child(depends_on=[versioning]),
        )
        self.publish(bucket=pulumi.Output.all(made.bucket, policy.id).apply(lambda known: str(known[0])))


def clean_up(context: SiteContext) -> list[dict[str, Any]]:
    """A log goes when flow logs go; what somebody removed before that can be had back for a while."""
    return [
        {
            "id": "old-logs",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "expiration": {"days": context.site.network.flow_log_days},
            "noncurrent_version_expiration": {"noncurrent_days": _KEPT_AFTER_REMOVAL_DAYS},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
        }
    ]
