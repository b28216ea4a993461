"""Where logs and alarms go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_gcp.logging.project_bucket_config import ProjectBucketConfig
from pulumi_gcp.logging.project_sink import ProjectSink
from pulumi_gcp.monitoring.alert_policy import AlertPolicy
from pulumi_gcp.monitoring.notification_channel import NotificationChannel
from pulumi_gcp.projects.iam_audit_config import IAMAuditConfig

from infra.component import Component
from infra.contracts import Place
from infra.gcp import physical_names
from infra.gcp.alarms import ALARMS, Alarm, strategy
from infra.gcp.keys import Keys

AUDITED: Final = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")


@dataclass(frozen=True, kw_only=True)
class AuditLogsArgs:
    """One site's logs, and whom its alarms tell."""

    place: Place
    keys: Keys
    contacts: Sequence[str]


class AuditLogs(Component, token="pouw:gcp:AuditLogs"):
    """Outputs: ``logs``, the log bucket of audit and control-plane logs; ``alarms``, the first contact's channel.

    Besides: ``channels``, one a contact, and ``number``, that of the project.
    """

    logs: pulumi.Output[str]
    alarms: pulumi.Output[str]
    channels: pulumi.Output[Sequence[str]]
    number: pulumi.Output[str]

    def __init__(self, name: str, args: AuditLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        place, project = args.place, physical_names.project(args.place)
        IAMAuditConfig(
            f"{name}-audit",
            project=project,
            service="allServices",
            audit_log_configs=[{"log_type": kind} for kind in AUDITED],
            opts=self.child(),
        )
        bucket = ProjectBucketConfig(
            f"{name}-logs",
            project=project,
            location=place.region,
            bucket_id=physical_names.named("log-bucket", place, "audit"),
            description=f"Audit and control-plane logs of the site {place.site.name}",
            retention_days=place.site.cluster.log_days,
            locked=place.production,
            cmek_settings={"kms_key_name": args.keys.key},
            opts=pulumi.ResourceOptions(parent=self, protect=place.production),
        )
        ProjectSink(
            f"{name}-sink",
            name=physical_names.named("sink", place, "audit"),
            project=project,
            destination=pulumi.Output.concat("logging.googleapis.com/", bucket.id),
            filter=audit_filter(project, physical_names.named("cluster", place)),
            unique_writer_identity=True,
            opts=self.child(),
        )
        channels = [self._channel(f"{name}-contact-{index}", place, mail) for index, mail in enumerate(args.contacts)]
        for alarm, what in ALARMS.items():
            self._alarm(f"{name}-{alarm}", place, what, channels)
        self.publish(logs=bucket.id, alarms=channels[0], channels=channels, number=args.keys.number)

    def _channel(self, name: str, place: Place, mail: str) -> pulumi.Output[str]:
        channel = NotificationChannel(
            name,
            project=physical_names.project(place),
            display_name=f"pouw {place.environment} {place.site.name}: {mail}",
            type="email",
            labels={"email_address": mail},
            user_labels=place.tags,
            # An alarm that still names it must not keep a contact from leaving.
            force_delete=True,
            opts=self.child(),
        )
        id_: pulumi.Output[str] = channel.id
        return id_

    def _alarm(self, name: str, place: Place, alarm: Alarm, channels: Sequence[pulumi.Output[str]]) -> None:
        # Matched in the log itself: an alarm over a log metric cannot be made before its metric has been seen.
        AlertPolicy(
            name,
            project=physical_names.project(place),
            display_name=name,
            combiner="OR",
            severity="CRITICAL",
            conditions=[{"display_name": name, "condition_matched_log": {"filter": alarm.filter}}],
            alert_strategy=strategy(),
            notification_channels=channels,
            documentation={"content": alarm.remedy, "mime_type": "text/markdown"},
            user_labels=place.tags,
            opts=self.child(),
        )


def audit_filter(project: str, cluster: str) -> str:
    """What the log bucket takes: every audit log of the project, and what the site's control plane writes."""
    audit = f'logName:"projects/{project}/logs/cloudaudit.googleapis.com"'
    control_plane = f'resource.type="k8s_control_plane_component" AND resource.labels.cluster_name="{cluster}"'
    return f"({audit}) OR ({control_plane})"
