"""The provider of an Azure site: its own region, subscription and directory."""

from __future__ import annotations

import pulumi
from pulumi_azure_native.provider import Provider

from infra.contracts import SiteContext


def provider(name: str, context: SiteContext) -> pulumi.ProviderResource:
    """A provider that takes its credentials from the environment and works in the site's subscription alone."""
    made: pulumi.ProviderResource = Provider(
        name, location=context.region, subscription_id=context.site.account, tenant_id=context.site.tenant
    )
    return made
