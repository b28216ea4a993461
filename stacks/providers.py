"""The providers of cloud sites: each its own, so that nothing is left to what the environment happens to name."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi

from infra import contracts
from infra.clouds import CLOUDS
from infra.settings.stack import Settings


def declare(stack: Settings) -> Mapping[str, pulumi.ProviderResource]:
    """A provider for each cloud site, by the site's name."""
    found: dict[str, pulumi.ProviderResource] = {}
    for site in stack.managed_sites:
        module = CLOUDS[site.cloud].module("provider")
        found[site.name] = module.provider(f"{site.name}-{site.cloud}", contracts.site_context(stack, site))
    return found
