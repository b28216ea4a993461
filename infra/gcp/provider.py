"""The provider of a site on Google Cloud, limited to the site's region and project."""

from __future__ import annotations

import pulumi
from pulumi_gcp.provider import Provider

from infra.contracts import SiteContext


def provider(name: str, context: SiteContext) -> pulumi.ProviderResource:
    """Return a provider that reads its credentials from the environment and works only in the site's project."""
    site_provider: pulumi.ProviderResource = Provider(name, project=context.site.account, region=context.region)
    return site_provider
