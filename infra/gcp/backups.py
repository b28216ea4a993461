"""Backups of the site, and their copy in another region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_gcp.monitoring.alert_policy import AlertPolicy
from pulumi_gcp.storage.bucket import Bucket
from pulumi_gcp.storage.bucket_iam_member import BucketIAMMember
from pulumi_gcp.storage.transfer_job import TransferJob

from infra.component import Component
from infra.contracts import SiteContext
from infra.gcp import physical_names, service_agents
from infra.gcp.alarms import Alarms, strategy
from infra.gcp.audit_logs import AuditLogs
from infra.gcp.keys import Keys

READ: Final = ("roles/storage.legacyBucketReader", "roles/storage.objectViewer")
"""Roles of the transfer service on the source. On the copy it may also add objects; it may never change or delete."""
ADD: Final = "roles/storage.objectCreator"
COPY_INTERVAL: Final = "3600s"
"""The shortest interval of a scheduled transfer."""
_DAY: Final = 86_400
_RESTORABLE_DAYS: Final = 30
_RETENTIONS_BEFORE_DELETION: Final = 2
"""A backup is deleted after this many retentions, so that the last ones remain for a while if backups stop."""


@dataclass(frozen=True, kw_only=True)
class BackupsArgs:
    """The backups of one site."""

    context: SiteContext
    keys: Keys
    audit_logs: AuditLogs
    alarms: Alarms


class Backups(Component, token="pouw:gcp:Backups"):
    """Outputs: ``bucket`` and ``copy``, names of buckets. The copy lags by one hour at most."""

    bucket: pulumi.Output[str]
    copy: pulumi.Output[str]

    def __init__(self, name: str, args: BackupsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context, keys = args.context, args.keys
        bucket = self._bucket(f"{name}-bucket", context, context.region, "backups", keys.key)
        copy = self._bucket(f"{name}-copy", context, physical_names.copy_region(context), "copy", keys.copy_key)
        copier = keys.number.apply(lambda number: service_agents.member("storagetransfer", number))
        grants = [
            BucketIAMMember(
                f"{name}-copier-{part}-{index}", bucket=target.name, role=role, member=copier, opts=self.child()
            )
            for part, target, roles in (("source", bucket, READ), ("copy", copy, (*READ, ADD)))
            for index, role in enumerate(roles)
        ]
        job = TransferJob(
            f"{name}-copier",
            project=physical_names.project(context),
            description=f"Copies the backups of the site {context.site.name} to {physical_names.copy_region(context)}",
            transfer_spec={
                "gcs_data_source": {"bucket_name": bucket.name},
                "gcs_data_sink": {"bucket_name": copy.name},
                # A copy never changes, even if its source does.
                "transfer_options": {"overwrite_when": "NEVER"},
            },
            # A past date starts the job on creation.
            schedule={
                "schedule_start_date": {"year": 2026, "month": 1, "day": 1},
                "repeat_interval": COPY_INTERVAL,
            },
            logging_config={"log_actions": ["COPY"], "log_action_states": ["FAILED"]},
            opts=self.child(depends_on=list(grants)),
        )
        alarm = f"{name}-copy-failed"
        failure = pulumi.Output.concat(
            'resource.type="storage_transfer_job" AND severity>=ERROR AND resource.labels.job_id="', job.name, '"'
        )
        AlertPolicy(
            alarm,
            project=physical_names.project(context),
            display_name=alarm,
            combiner="OR",
            severity="ERROR",
            conditions=[{"display_name": alarm, "condition_matched_log": {"filter": failure}}],
            alert_strategy=strategy(),
            documentation={"content": failure_text(context), "mime_type": "text/markdown"},
            notification_channels=args.alarms.channels,
            user_labels=context.tags,
            opts=self.child(),
        )
        self.publish(bucket=bucket.name, copy=copy.name)

    def _bucket(self, name: str, context: SiteContext, location: str, part: str, key: pulumi.Input[str]) -> Bucket:
        return Bucket(
            name,
            name=physical_names.bucket_name(context, part),
            project=physical_names.project(context),
            location=location.upper(),
            storage_class="STANDARD",
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            encryption={"default_kms_key_name": key},
            force_destroy=not context.protect,
            labels=context.tags,
            **retention(context.site.backups.retention_days, locked=context.protect),
            opts=self.child(protect=context.protect),
        )


def failure_text(context: SiteContext) -> str:
    """Return the text of the mail about a failed copy."""
    return (
        f"Backups of the site {context.site.name} could not be copied to {physical_names.copy_region(context)}. Until "
        "they can, that region has no recent backup. Check the transfer job's log and its access to both buckets."
    )


def retention(days: int, *, locked: bool) -> dict[str, Any]:
    """Return a retention policy of ``days``, permanent if ``locked``, and the rules that delete old backups.

    Google permits no versioning with such a policy: an object has one version, which cannot be changed or deleted.
    A deleted object can be restored for 30 days.
    """
    rules: list[tuple[str, dict[str, Any]]] = [
        ("Delete", {"age": _RETENTIONS_BEFORE_DELETION * days, "with_state": "LIVE"}),
        ("AbortIncompleteMultipartUpload", {"age": 7}),
    ]
    return {
        "retention_policy": {"retention_period": str(days * _DAY), "is_locked": locked},
        "soft_delete_policy": {"retention_duration_seconds": _RESTORABLE_DAYS * _DAY},
        "lifecycle_rules": [{"action": {"type": action}, "condition": condition} for action, condition in rules],
    }
