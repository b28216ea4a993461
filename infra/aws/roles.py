"""The roles of a site. No key is ever handed out, and none of them may go beyond the site's boundary."""

from __future__ import annotations

from pulumi_aws.iam.role import Role

from infra.aws import access_policies, physical_names
from infra.aws.keys import Keys
from infra.component import Component
from infra.contracts import SiteContext


def role(
    owner: Component, name: str, context: SiteContext, keys: Keys, *, part: str, description: str, trust: str
) -> Role:
    """Declare a role within the boundary; ``part`` makes its name in AWS, ``trust`` says who may take it."""
    return Role(
        name,
        name=physical_names.named("role", context, part),
        description=description,
        assume_role_policy=trust,
        permissions_boundary=keys.boundary,
        tags=context.tags,
        opts=owner.child(),
    )


def workload_role(owner: Component, name: str, context: SiteContext, keys: Keys, account: tuple[str, str]) -> Role:
    """A role for one service account, given as namespace and name, of the site's cluster, and for nobody else."""
    return role(
        owner,
        f"{name}-role",
        context,
        keys,
        part=account[1],
        description=f"Taken by the service account {account[1]} of the namespace {account[0]}",
        trust=access_policies.trust_pods(physical_names.cluster_arn(context), *account),
    )
