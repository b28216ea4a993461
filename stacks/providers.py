"""Providers of cloud sites. Each site has its own, so the environment of the program decides nothing."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from infra import contracts
from infra.clouds import CLOUDS
from infra.settings.stack import Settings


def declare(stack: Settings) -> Mapping[str, pulumi.ProviderResource]:
    """Declare a provider for each cloud site. Return them by the site's name."""
    providers: dict[str, pulumi.ProviderResource] = {}
    for site in stack.managed_sites:
        module = CLOUDS[site.cloud].module("provider")
        providers[site.name] = module.provider(f"{site.name}-{site.cloud}", contracts.site_context(stack, site))
    return providers
