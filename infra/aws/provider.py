"""The provider of an AWS site, limited to the site's region and account."""

from __future__ import annotations

import pulumi
from pulumi_aws.provider import Provider

from infra.aws import physical_names
from infra.contracts import SiteContext


def provider(name: str, context: SiteContext) -> pulumi.ProviderResource:
    """Return a provider that reads its credentials from the environment and refuses those of another account."""
    site_provider: pulumi.ProviderResource = Provider(
        name, region=context.region, allowed_account_ids=[physical_names.account(context)]
    )
    return site_provider
