"""Identities of the site's workloads: one role for each, bound to its service account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_aws.eks.pod_identity_association import PodIdentityAssociation
from pulumi_aws.iam.role_policy import RolePolicy

from infra.aws import access_policies, physical_names
from infra.aws.backups import Backups
from infra.aws.cluster import Cluster
from infra.aws.keys import Keys
from infra.aws.registry import Registry
from infra.aws.roles import workload_role
from infra.component import Component
from infra.contracts import PodIdentity, SiteContext
from infra.identities import AUTOSCALER, BACKUP, SERVICE_ACCOUNTS
from infra.naming import NAMESPACE

POD: Final = PodIdentity(labels={}, cidr="169.254.170.23/32", port=80)
"""The pod identity agent on each machine. It also has an IPv6 address, which our IPv4 clusters do not use."""


@dataclass(frozen=True, kw_only=True)
class IdentityArgs:
    """The workloads of one cluster. Pulling images needs no role here: machines have one."""

    context: SiteContext
    keys: Keys
    cluster: Cluster
    registry: Registry
    backups: Backups


class Identity(Component, token="pouw:aws:Identity"):
    """Output: ``annotations`` of each workload's service account, by workload.

    They are empty: EKS stores which role each service account gets.
    """

    annotations: pulumi.Output[Mapping[str, Mapping[str, str]]]

    def __init__(self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context, cluster = args.context, physical_names.cluster_name(args.context)
        bucket, key = physical_names.bucket_arn(context, context.region), physical_names.key(context, context.region)
        documents = {
            AUTOSCALER: access_policies.scale(cluster, physical_names.cluster_arn(context)),
            BACKUP: access_policies.back_up(bucket, key),
        }
        for workload, account in SERVICE_ACCOUNTS.items():
            role = workload_role(self, f"{name}-{workload}", context, args.keys, (NAMESPACE, account))
            RolePolicy(f"{name}-{workload}-policy", role=role.id, policy=documents[workload], opts=self.child())
            PodIdentityAssociation(
                f"{name}-{workload}",
                cluster_name=args.cluster.cluster,
                namespace=NAMESPACE,
                service_account=account,
                role_arn=role.arn,
                tags=context.tags,
                opts=self.child(),
            )
        self.publish(annotations={workload: {} for workload in SERVICE_ACCOUNTS})
