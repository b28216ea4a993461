"""The roles of a site. All of them have the site's permissions boundary, and no access key exists."""

from __future__ import annotations

from pulumi_aws.iam.role import Role

from infra.aws import access_policies, physical_names
from infra.aws.keys import Keys
from infra.component import Component
from infra.contracts import SiteContext


def role(
    owner: Component, name: str, context: SiteContext, keys: Keys, *, part: str, description: str, trust: str
) -> Role:
    """Declare a role with the boundary; ``part`` is in its name in AWS, ``trust`` is its trust policy."""
    return Role(
        name,
        name=physical_names.compose_name("role", context, part),
        description=description,
        assume_role_policy=trust,
        permissions_boundary=keys.boundary,
        tags=context.tags,
        opts=owner.child(),
    )


def workload_role(owner: Component, name: str, context: SiteContext, keys: Keys, account: tuple[str, str]) -> Role:
    """Declare a role for one service account, a namespace and a name, of the site's cluster."""
    return role(
        owner,
        f"{name}-role",
        context,
        keys,
        part=account[1],
        description=f"Service account {account[1]} of the namespace {account[0]}",
        trust=access_policies.trust_pods(physical_names.cluster_arn(context), *account),
    )
