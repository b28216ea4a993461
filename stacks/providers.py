"""The providers of cloud sites: each its own, so that nothing is left to what the environment happens to name."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

import pulumi

from infra import contracts
from infra.settings.stack import Settings


def declare(stack: Settings) -> Mapping[str, pulumi.ProviderResource]:
    """A provider for each cloud site, by the site's name."""
    found: dict[str, pulumi.ProviderResource] = {}
    for site in stack.sites:
        if site.managed:
            # Only the clouds that a stack uses are imported: each costs more than a second.
            module = importlib.import_module(f"infra.{site.cloud}.provider")
            found[site.name] = module.provider(f"{site.name}-{site.cloud}", contracts.site_context(stack, site))
    return found
