"""The stores of the site's audit logs: the control plane's log group, and buckets for access logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_aws.cloudwatch.log_group import LogGroup

from infra.aws import physical_names
from infra.aws.keys import Keys
from infra.aws.log_bucket import LogBucket, LogBucketArgs
from infra.component import Component
from infra.contracts import SiteContext

_RETENTIONS: Final = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""Retentions, in days, that CloudWatch accepts for a log group."""


@dataclass(frozen=True, kw_only=True)
class AuditLogsArgs:
    """The audit logs of one site."""

    context: SiteContext
    keys: Keys


class AuditLogs(Component, token="pouw:aws:AuditLogs"):
    """Outputs: ``logs``, the ARN of the control plane's log group, and the names of two buckets for access logs.

    ``access_logs`` is in the site's region, ``copy_access_logs`` in the region of the backups' copy. EKS creates a log
    group without a key and without a retention if there is none, so this component comes before the cluster.
    """

    logs: pulumi.Output[str]
    access_logs: pulumi.Output[str]
    copy_access_logs: pulumi.Output[str]

    def __init__(self, name: str, args: AuditLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context = args.context
        group = LogGroup(
            f"{name}-control-plane",
            name=f"/aws/eks/{physical_names.cluster_name(context)}/cluster",
            kms_key_id=args.keys.key,
            retention_in_days=retention(context.site.cluster.log_days),
            tags=context.tags,
            opts=self.child(protect=context.protect),
        )
        regions = {"access": context.region, "copy-access": context.site.backups.copy_region or ""}
        access, copy_access = (
            LogBucket(f"{name}-{part}", LogBucketArgs(context=context, region=region), self.child())
            for part, region in regions.items()
        )
        self.publish(logs=group.arn, access_logs=access.bucket, copy_access_logs=copy_access.bucket)


def retention(days: int) -> int:
    """Return the shortest retention that keeps events for ``days``."""
    return next(allowed for allowed in _RETENTIONS if allowed >= days)
