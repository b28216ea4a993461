"""The provider of an Azure site, limited to the site's region, subscription and tenant."""

from __future__ import annotations

import pulumi
from pulumi_azure_native.provider import Provider

from infra.azure.settings import AzureSite
from infra.contracts import SiteContext


def provider(name: str, context: SiteContext[AzureSite]) -> pulumi.ProviderResource:
    """Return a provider that reads its credentials from the environment and works only in the site's subscription."""
    site_provider: pulumi.ProviderResource = Provider(
        name, location=context.region, subscription_id=context.site.account, tenant_id=context.site.tenant
    )
    return site_provider
