"""A bucket with versioning, object lock, a key of the site and no public access."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws.s3.bucket import Bucket
from pulumi_aws.s3.bucket_lifecycle_configuration import BucketLifecycleConfiguration
from pulumi_aws.s3.bucket_logging import BucketLogging
from pulumi_aws.s3.bucket_object_lock_configuration import BucketObjectLockConfiguration
from pulumi_aws.s3.bucket_ownership_controls import BucketOwnershipControls
from pulumi_aws.s3.bucket_policy import BucketPolicy
from pulumi_aws.s3.bucket_public_access_block import BucketPublicAccessBlock
from pulumi_aws.s3.bucket_server_side_encryption_configuration import BucketServerSideEncryptionConfiguration
from pulumi_aws.s3.bucket_versioning import BucketVersioning

from infra.aws import access_policies, physical_names
from infra.component import Component
from infra.contracts import SiteContext


@dataclass(frozen=True, kw_only=True)
class LockedBucketArgs:
    """The bucket of a site in one region; ``key`` is a key of that region, ``logs`` a bucket of it for access logs."""

    context: SiteContext
    region: str
    key: pulumi.Input[str]
    logs: pulumi.Input[str]
    logs_prefix: str


class LockedBucket(Component, token="pouw:aws:LockedBucket"):
    """A bucket of backups. Outputs: ``bucket`` (its name) and ``arn``.

    In production the lock binds every principal, including the account's root user. Elsewhere a principal with the
    permission may bypass it, so that the stack can be destroyed.
    """

    bucket: pulumi.Output[str]
    arn: pulumi.Output[str]

    def __init__(self, name: str, args: LockedBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context, region = args.context, args.region
        bucket = Bucket(
            name,
            bucket=physical_names.bucket(context, region),
            region=region,
            object_lock_enabled=True,
            force_destroy=not context.protect,
            tags=context.tags,
            opts=self.child(protect=context.protect),
        )
        common: dict[str, Any] = {"bucket": bucket.bucket, "region": region, "opts": self.child()}
        versioning, _ = harden(
            self,
            name,
            bucket,
            region,
            encryption={"sse_algorithm": "aws:kms", "kms_master_key_id": args.key},
            policy=bucket_policy(physical_names.bucket_arn(context, region)),
        )
        BucketLogging(f"{name}-log", target_bucket=args.logs, target_prefix=args.logs_prefix, **common)
        later: dict[str, Any] = {**common, "opts": self.child(depends_on=[versioning])}
        BucketObjectLockConfiguration(f"{name}-lock", rule={"default_retention": retention(context)}, **later)
        BucketLifecycleConfiguration(f"{name}-clean-up", rules=clean_up(context), **later)
        self.publish(bucket=bucket.bucket, arn=bucket.arn)


def harden(
    owner: Component, name: str, bucket: Bucket, region: str, *, encryption: dict[str, Any], policy: str
) -> tuple[BucketVersioning, BucketPolicy]:
    """Declare the settings of every bucket: versioning, encryption, one owner, a policy, no public access."""
    common: dict[str, Any] = {"bucket": bucket.bucket, "region": region, "opts": owner.child()}
    versioning = BucketVersioning(f"{name}-versions", versioning_configuration={"status": "Enabled"}, **common)
    BucketServerSideEncryptionConfiguration(
        f"{name}-encryption",
        rules=[{"apply_server_side_encryption_by_default": encryption, "bucket_key_enabled": True}],
        **common,
    )
    private = BucketPublicAccessBlock(
        f"{name}-private",
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        **common,
    )
    BucketOwnershipControls(f"{name}-owner", rule={"object_ownership": "BucketOwnerEnforced"}, **common)
    options = owner.child(depends_on=[private])
    return versioning, BucketPolicy(f"{name}-policy", policy=policy, **{**common, "opts": options})


def retention(context: SiteContext) -> dict[str, Any]:
    """Return the mode and the days of the lock that every new object gets."""
    mode = "COMPLIANCE" if context.protect else "GOVERNANCE"
    return {"mode": mode, "days": context.site.backups.retention_days}


def clean_up(context: SiteContext) -> list[dict[str, Any]]:
    """Return the rules that delete a backup after twice its retention; the backup workload itself cannot delete any.

    S3 hides a backup after the first period and deletes it after the second. If backups stop, the last ones can still
    be restored during the second period.
    """
    days = context.site.backups.retention_days
    return [
        {
            "id": "old-backups",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "expiration": {"days": days},
            "noncurrent_version_expiration": {"noncurrent_days": days},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
        },
        {
            "id": "markers",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "expiration": {"expired_object_delete_marker": True},
        },
    ]


def bucket_policy(arn: str) -> str:
    """Return the policy that denies access without TLS."""
    return access_policies.document(access_policies.only_tls("s3:*", [arn, f"{arn}/*"]))
