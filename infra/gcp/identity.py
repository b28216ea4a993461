"""Identities of the site's workloads: one account for each, bound to its service account, without a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_gcp.artifactregistry.repository_iam_member import RepositoryIamMember
from pulumi_gcp.serviceaccount.account import Account
from pulumi_gcp.serviceaccount.iam_member import IAMMember
from pulumi_gcp.storage.bucket_iam_member import BucketIAMMember

from infra.component import Component
from infra.contracts import PodIdentity, SiteContext
from infra.gcp import physical_names
from infra.gcp.backups import ADD, Backups
from infra.gcp.cluster import Cluster
from infra.gcp.keys import Keys
from infra.gcp.registry import Registry
from infra.identities import BACKUP, SERVICE_ACCOUNTS
from infra.naming import NAMESPACE
from infra.settings.site import NODE_POOLS

ANNOTATION: Final = "iam.gke.io/gcp-service-account"
POD: Final = PodIdentity(labels={}, cidr="169.254.169.254/32", port=80)
"""The metadata server on the machine, as Dataplane V2 sees it."""
BACKUP_ROLES: Final = (ADD, "roles/storage.objectViewer")
"""Roles to add objects and to read them, not to change or delete them."""


@dataclass(frozen=True, kw_only=True)
class IdentityArgs:
    """The workloads of one cluster."""

    context: SiteContext
    keys: Keys
    cluster: Cluster
    registry: Registry
    backups: Backups


class Identity(Component, token="pouw:gcp:Identity"):
    """Output: ``annotations`` of service accounts, by workload. Besides, the machines may pull the site's images."""

    annotations: pulumi.Output[Mapping[str, Mapping[str, str]]]

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context, project = args.context, physical_names.project(args.context)
        for pool in NODE_POOLS:
            RepositoryIamMember(
                f"{name}-{pool}-pulls",
                project=project,
                location=context.region,
                repository=args.registry.repository_id,
                role="roles/artifactregistry.reader",
                member=pulumi.Output.concat("serviceAccount:", args.cluster.accounts[pool]),
                opts=self.child(),
            )
        backup = Account(
            f"{name}-backup-account",
            project=project,
            account_id=physical_names.compose_name("account", context, "backup"),
            display_name=f"Backups of the site {context.site.name}",
            opts=self.child(),
        )
        IAMMember(
            f"{name}-backup-workload",
            service_account_id=backup.name,
            role="roles/iam.workloadIdentityUser",
            member=workload_member(project, SERVICE_ACCOUNTS[BACKUP]),
            # Google creates the workload identity pool with the project's first cluster.
            opts=self.child(depends_on=[args.cluster]),
        )
        for index, role in enumerate(BACKUP_ROLES):
            BucketIAMMember(
                f"{name}-backup-objects-{index}",
                bucket=args.backups.bucket,
                role=role,
                member=pulumi.Output.concat("serviceAccount:", backup.email),
                opts=self.child(),
            )
        self.publish(annotations={BACKUP: {ANNOTATION: backup.email}})


def workload_member(project: str, service_account: str) -> str:
    """Return a service account of the workloads' namespace as a member of IAM policies."""
    return f"serviceAccount:{project}.svc.id.goog[{NAMESPACE}/{service_account}]"
