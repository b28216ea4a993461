"""Where the control plane's logs, access logs and the site's alarms go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_aws.cloudwatch.log_group import LogGroup
from pulumi_aws.sns.topic import Topic
from pulumi_aws.sns.topic_policy import TopicPolicy
from pulumi_aws.sns.topic_subscription import TopicSubscription

from infra.aws import access_policies, physical_names
from infra.aws.keys import Keys
from infra.aws.log_bucket import LogBucket, LogBucketArgs
from infra.component import Component
from infra.contracts import Place

_RETENTIONS: Final = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""Days that a log group may keep its events."""


@dataclass(frozen=True, kw_only=True)
class AuditLogsArgs:
    """One site's log group and alarm channel."""

    place: Place
    keys: Keys
    contacts: Sequence[str]


class AuditLogs(Component, token="pouw:aws:AuditLogs"):
    """Outputs: ``logs``, the ARN of the control plane's log group, ``alarms``, the ARN of a topic, and buckets for
    access logs by name: ``access_logs`` where the site stands, ``copy_access_logs`` where its backups are copied to.

    The cluster would make the log group itself, without key and retention; so it is there before the cluster.
    """

    logs: pulumi.Output[str]
    alarms: pulumi.Output[str]
    access_logs: pulumi.Output[str]
    copy_access_logs: pulumi.Output[str]

    def __init__(self, name: str, args: AuditLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place, key = args.place, args.keys.key
        group = LogGroup(
            f"{name}-control-plane",
            name=f"/aws/eks/{physical_names.cluster_name(place)}/cluster",
            kms_key_id=key,
            retention_in_days=retention(place.site.cluster.log_days),
            tags=place.tags,
            opts=pulumi.ResourceOptions(parent=self, protect=place.production),
        )
        called, account = physical_names.named("topic", place, "alarms"), physical_names.account(place)
        topic = Topic(
            f"{name}-alarms",
            name=called,
            kms_master_key_id=key,
            tags=place.tags,
            opts=self.child(),
        )
        policy = access_policies.alarm_channel(account, f"arn:aws:sns:{place.region}:{account}:{called}")
        TopicPolicy(f"{name}-alarms-policy", arn=topic.arn, policy=policy, opts=self.child())
        for contact in args.contacts:
            TopicSubscription(
                f"{name}-{contact}", topic=topic.arn, protocol="email", endpoint=contact, opts=self.child()
            )
        regions = {"access": place.region, "copy-access": place.site.backups.copy_region or ""}
        access, away = (
            LogBucket(f"{name}-{part}-logs", LogBucketArgs(place=place, region=region), self.child())
            for part, region in regions.items()
        )
        self.publish(logs=group.arn, alarms=topic.arn, access_logs=access.bucket, copy_access_logs=away.bucket)


def retention(days: int) -> int:
    """The shortest retention that keeps events for ``days``."""
    return next(allowed for allowed in _RETENTIONS if allowed >= days)
