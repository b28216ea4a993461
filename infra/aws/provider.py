"""The provider of an AWS site: its own region, and no account but its own."""

from __future__ import annotations

import pulumi
from pulumi_aws.provider import Provider

from infra.aws import physical_names
from infra.contracts import SiteContext


def provider(name: str, context: SiteContext) -> pulumi.ProviderResource:
    """A provider that takes its credentials from the environment and refuses those of another account."""
    made: pulumi.ProviderResource = Provider(
        name, region=context.region, allowed_account_ids=[physical_names.account(context)]
    )
    return made
