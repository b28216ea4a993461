"""The store of the site's audit logs: a log bucket, the sink that fills it, and the project's audit configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_gcp.logging.project_bucket_config import ProjectBucketConfig
from pulumi_gcp.logging.project_sink import ProjectSink
from pulumi_gcp.projects.iam_audit_config import IAMAuditConfig

from infra.component import Component
from infra.contracts import SiteContext
from infra.gcp import physical_names
from infra.gcp.keys import Keys

AUDITED: Final = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")


@dataclass(frozen=True, kw_only=True)
class AuditLogsArgs:
    """The audit logs of one site."""

    context: SiteContext
    keys: Keys


class AuditLogs(Component, token="pouw:gcp:AuditLogs"):
    """Output: ``logs``, the id of the log bucket for audit logs and control-plane logs."""

    logs: pulumi.Output[str]

    def __init__(self, name: str, args: AuditLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context, project = args.context, physical_names.project(args.context)
        IAMAuditConfig(
            f"{name}-audit",
            project=project,
            service="allServices",
            audit_log_configs=[{"log_type": kind} for kind in AUDITED],
            opts=self.child(),
        )
        bucket = ProjectBucketConfig(
            f"{name}-bucket",
            project=project,
            location=context.region,
            bucket_id=physical_names.compose_name("log-bucket", context, "audit"),
            description=f"Audit and control-plane logs of the site {context.site.name}",
            retention_days=context.site.cluster.log_days,
            locked=context.protect,
            cmek_settings={"kms_key_name": args.keys.key},
            opts=self.child(protect=context.protect),
        )
        ProjectSink(
            f"{name}-sink",
            name=physical_names.compose_name("sink", context, "audit"),
            project=project,
            destination=pulumi.Output.concat("logging.googleapis.com/", bucket.id),
            filter=audit_filter(project, physical_names.compose_name("cluster", context)),
            unique_writer_identity=True,
            opts=self.child(),
        )
        self.publish(logs=bucket.id)


def audit_filter(project: str, cluster: str) -> str:
    """Return the filter of the sink: all audit logs of the project, and the logs of the site's control plane."""
    audit = f'logName:"projects/{project}/logs/cloudaudit.googleapis.com"'
    control_plane = f'resource.type="k8s_control_plane_component" AND resource.labels.cluster_name="{cluster}"'
    return f"({audit}) OR ({control_plane})"
