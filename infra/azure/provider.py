"""The provider of an Azure site: its own region, subscription and directory."""

from __future__ import annotations

import pulumi
from pulumi_azure_native.provider import Provider

from infra.contracts import Place


def provider(name: str, place: Place) -> pulumi.ProviderResource:
    """A provider that takes its credentials from the environment and works in the site's subscription alone."""
    made: pulumi.ProviderResource = Provider(
        name, location=place.region, subscription_id=place.site.account, tenant_id=place.site.tenant
    )
    return made
