"""The provider of a site on Google Cloud: its own region and project."""

from __future__ import annotations

import pulumi
from pulumi_gcp.provider import Provider

from infra.contracts import SiteContext


def provider(name: str, context: SiteContext) -> pulumi.ProviderResource:
    """A provider that takes its credentials from the environment and works in the site's project alone."""
    made: pulumi.ProviderResource = Provider(name, project=context.site.account, region=context.region)
    return made
