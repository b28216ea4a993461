"""Roles that pods take as their service account: no key is ever handed out."""

from __future__ import annotations

import pulumi
from pulumi_aws.iam.role import Role

from infra.aws import limits, policies
from infra.contracts import Place


def workload_role(name: str, place: Place, account: tuple[str, str], opts: pulumi.ResourceOptions) -> Role:
    """A role for one service account, given as namespace and name, of the site's cluster, and for nobody else."""
    return Role(
        f"{name}-role",
        name=limits.named("role", place, account[1]),
        description=f"Taken by the service account {account[1]} of the namespace {account[0]}",
        assume_role_policy=policies.trust_pods(limits.cluster_arn(place), *account),
        tags=place.tags,
        opts=opts,
    )
