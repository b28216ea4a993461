"""Backups of the site, and their copy in another region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws.cloudwatch.metric_alarm import MetricAlarm
from pulumi_aws.iam.role_policy import RolePolicy
from pulumi_aws.kms.alias import Alias
from pulumi_aws.kms.key import Key
from pulumi_aws.s3.bucket_replication_config import BucketReplicationConfig

from infra.aws import access_policies, physical_names
from infra.aws.alarms import Alarms
from infra.aws.audit_logs import AuditLogs
from infra.aws.bucket import LockedBucket, LockedBucketArgs
from infra.aws.keys import DELETION_DAYS, Keys
from infra.aws.log_bucket import STORAGE
from infra.aws.roles import role
from infra.component import Component
from infra.contracts import SiteContext

_RULE = "everything"


@dataclass(frozen=True, kw_only=True)
class BackupsArgs:
    """The backups of one site."""

    context: SiteContext
    keys: Keys
    audit_logs: AuditLogs
    alarms: Alarms


class Backups(Component, token="pouw:aws:Backups"):
    """Outputs: ``bucket`` and ``copy``, both by name.

    Deletions are not replicated, and the copy has a key of its own. So neither a mistake nor a lost key in one region
    destroys the backups in both.
    """

    bucket: pulumi.Output[str]
    copy: pulumi.Output[str]

    def __init__(self, name: str, args: BackupsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name, self._args = name, args
        context = args.context
        copy_region = context.site.backups.copy_region or ""
        copy_key = Key(
            f"{name}-copy-key",
            region=copy_region,
            description=f"Encrypts the copied backups of the site {context.site.name}",
            enable_key_rotation=True,
            rotation_period_in_days=365,
            deletion_window_in_days=DELETION_DAYS,
            policy=access_policies.document(access_policies.administration(physical_names.account(context))),
            tags=context.tags,
            opts=self.child(protect=context.protect),
        )
        Alias(
            f"{name}-copy-alias",
            region=copy_region,
            name=physical_names.key(context, copy_region).alias,
            target_key_id=copy_key.key_id,
            opts=self.child(),
        )
        bucket = self._bucket("bucket", context.region, args.keys.key, args.audit_logs.access_logs)
        copy = self._bucket("copy", copy_region, copy_key.arn, args.audit_logs.copy_access_logs)
        self._replicate(bucket, copy, copy_key)
        self._alarm(bucket, copy)
        self.publish(bucket=bucket.bucket, copy=copy.bucket)

    def _bucket(self, part: str, region: str, key: pulumi.Input[str], logs: pulumi.Input[str]) -> LockedBucket:
        context = self._args.context
        arguments = LockedBucketArgs(context=context, region=region, key=key, logs=logs, logs_prefix=STORAGE)
        return LockedBucket(f"{self._name}-{part}", arguments, self.child())

    def _replicate(self, bucket: LockedBucket, copy: LockedBucket, copy_key: Key) -> None:
        context = self._args.context
        copier = role(
            self,
            f"{self._name}-copy-role",
            context,
            self._args.keys,
            part="backup-copy",
            description="Copies backups to the other region",
            trust=access_policies.trust_service(
                "s3.amazonaws.com", access_policies.from_account(physical_names.account(context))
            ),
        )
        copy_region = context.site.backups.copy_region or ""
        document = access_policies.replicate(
            physical_names.bucket_arn(context, context.region),
            physical_names.bucket_arn(context, copy_region),
            physical_names.key(context, context.region),
            physical_names.key(context, copy_region),
        )
        permission = RolePolicy(f"{self._name}-copy-policy", role=copier.id, policy=document, opts=self.child())
        BucketReplicationConfig(
            f"{self._name}-replication",
            region=context.region,
            bucket=bucket.bucket,
            role=copier.arn,
            rules=[replication_rule(copy.arn, copy_key.arn)],
            # S3 refuses a replication until both buckets have versioning.
            opts=self.child(depends_on=[permission, bucket, copy]),
        )

    def _alarm(self, bucket: LockedBucket, copy: LockedBucket) -> None:
        context = self._args.context
        MetricAlarm(
            f"{self._name}-copy-alarm",
            name=physical_names.compose_name("alarm", context, "backup-copy"),
            alarm_description=(
                f"S3 could not copy a backup of the site {context.site.name} to its second region. Until it can, that "
                "region has no recent backup. Check the bucket's replication status and the role's access to both keys."
            ),
            namespace="AWS/S3",
            metric_name="OperationsFailedReplication",
            dimensions={"SourceBucket": bucket.bucket, "DestinationBucket": copy.bucket, "RuleId": _RULE},
            statistic="Sum",
            period=300,
            evaluation_periods=1,
            comparison_operator="GreaterThanThreshold",
            threshold=0,
            treat_missing_data="notBreaching",
            alarm_actions=[self._args.alarms.channel],
            tags=context.tags,
            opts=self.child(),
        )


def replication_rule(copy: pulumi.Input[str], key: pulumi.Input[str]) -> dict[str, Any]:
    """Return the rule that replicates every object within 15 minutes, encrypted ones too, and counts failures."""
    quarter_hour = {"minutes": 15}
    return {
        "id": _RULE,
        "status": "Enabled",
        "priority": 0,
        "filter": {"prefix": ""},
        "delete_marker_replication": {"status": "Disabled"},
        "source_selection_criteria": {"sse_kms_encrypted_objects": {"status": "Enabled"}},
        "destination": {
            "bucket": copy,
            "storage_class": "STANDARD_IA",
            "encryption_configuration": {"replica_kms_key_id": key},
            "metrics": {"status": "Enabled", "event_threshold": quarter_hour},
            "replication_time": {"status": "Enabled", "time": quarter_hour},
        },
    }
