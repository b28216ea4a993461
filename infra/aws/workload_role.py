"""Roles that pods take by the token of their service account: no key is ever handed out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
from pulumi_aws.iam.role import Role

from infra.aws import limits, policies
from infra.contracts import Place

if TYPE_CHECKING:
    from infra.aws.cluster import Cluster


def workload_role(
    name: str, place: Place, cluster: Cluster, account: tuple[str, str], opts: pulumi.ResourceOptions
) -> Role:
    """A role for one service account, given as namespace and name, and for nobody else."""
    trust = pulumi.Output.all(cluster.issuer, cluster.trust).apply(
        lambda known: policies.trust_workload(known[0], known[1], *account)
    )
    return Role(
        f"{name}-role",
        name=limits.named("role", place, account[1]),
        description=f"Taken by the service account {account[1]} of the namespace {account[0]}",
        assume_role_policy=trust,
        tags=place.tags,
        opts=opts,
    )
