"""A bucket to which AWS writes access logs of the site's other buckets in a region and of its edge."""

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
_RESTORABLE_DAYS: Final = 30


@dataclass(frozen=True, kw_only=True)
class LogBucketArgs:
    """The bucket of a site in one region."""

    context: SiteContext
    region: str


class LogBucket(Component, token="pouw:aws:LogBucket"):
    """A bucket for access logs. Output: ``bucket``, its name, known once AWS may write to it.

    AWS delivers these logs only to a bucket with a key of S3 and without a lock; versioning replaces the lock. Reads of
    this bucket are not logged, because that log would log itself.
    """

    bucket: pulumi.Output[str]

    def __init__(self, name: str, args: LogBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context, region = args.context, args.region
        bucket_name = physical_names.log_bucket(context, region)
        bucket = Bucket(
            f"{name}-bucket",
            bucket=bucket_name,
            region=region,
            force_destroy=not context.protect,
            tags=context.tags,
            opts=self.child(protect=context.protect),
        )
        document = access_policies.take_logs(
            f"arn:aws:s3:::{bucket_name}",
            physical_names.account(context),
            region,
            edge=EDGE,
            storage=(STORAGE, physical_names.bucket_arn(context, region)),
        )
        versioning, policy = harden(self, name, bucket, region, encryption={"sse_algorithm": "AES256"}, policy=document)
        BucketLifecycleConfiguration(
            f"{name}-clean-up",
            bucket=bucket.bucket,
            region=region,
            rules=clean_up(context),
            opts=self.child(depends_on=[versioning]),
        )
        self.publish(bucket=pulumi.Output.all(bucket.bucket, policy.id).apply(lambda values: str(values[0])))


def clean_up(context: SiteContext) -> list[dict[str, Any]]:
    """Return the rules that delete a log with the retention of flow logs; deleted logs can be restored for 30 days."""
    return [
        {
            "id": "old-logs",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "expiration": {"days": context.site.network.flow_log_days},
            "noncurrent_version_expiration": {"noncurrent_days": _RESTORABLE_DAYS},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
        }
    ]
