"""The site's encryption key, and the permissions boundary of the site's roles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_aws.iam.policy import Policy
from pulumi_aws.kms.alias import Alias
from pulumi_aws.kms.key import Key

from infra.aws import access_policies, physical_names
from infra.aws.boundary import boundary
from infra.component import Component
from infra.contracts import SiteContext

DELETION_DAYS: Final = 30
"""Days in which a key's deletion can be cancelled: AWS's maximum, because data is lost with its key."""


@dataclass(frozen=True, kw_only=True)
class KeysArgs:
    """The key of one site."""

    context: SiteContext


class Keys(Component, token="pouw:aws:Keys"):
    """A symmetric key. Outputs: ``key``, its ARN, and ``boundary``, the ARN of the policy that bounds every role."""

    key: pulumi.Output[str]
    boundary: pulumi.Output[str]

    def __init__(self, name: str, args: KeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context = args.context
        key = Key(
            f"{name}-key",
            description=f"Encrypts the data of the site {context.site.name}",
            enable_key_rotation=True,
            rotation_period_in_days=365,
            deletion_window_in_days=DELETION_DAYS,
            policy=access_policies.site_key(physical_names.account(context), context.region),
            tags=context.tags,
            opts=self.child(protect=context.protect),
        )
        alias = physical_names.key(context, context.region).alias
        Alias(f"{name}-alias", name=alias, target_key_id=key.key_id, opts=self.child())
        bounds = Policy(
            f"{name}-boundary",
            name=physical_names.compose_name("policy", context, "boundary"),
            description=f"Permissions boundary of the roles of the site {context.site.name}",
            policy=boundary(context),
            tags=context.tags,
            opts=self.child(),
        )
        self.publish(key=key.arn, boundary=bounds.arn)
