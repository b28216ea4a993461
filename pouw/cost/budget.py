"""The budget gate: a site whose known part already costs more than it may is told before anything is made."""

from __future__ import annotations

from collections.abc import Iterator

from infra.faults import Fault
from infra.settings.site import ManagedSite
from infra.settings.stack import NAMESPACE, Settings
from pouw.cost.estimate import Estimate


def faults(settings: Settings, estimate: Estimate) -> Iterator[Fault]:
    """A fault for each site over its budget."""
    for index, site in enumerate(settings.sites):
        if not isinstance(site, ManagedSite) or site.budget is None:
            continue
        monthly = estimate.of_site(site.name)
        told = f"{monthly:,.0f} {estimate.currency} a month by the prices of {estimate.prices_of}, use not counted"
        if monthly > site.budget.monthly:
            yield Fault(
                path=f"{NAMESPACE}:sites[{index}].budget.monthly",
                message=f"site {site.name} costs more than its budget",
                got=told,
                expected=f"at most {site.budget.monthly:,d}, taken as {estimate.currency}",
                remedy="raise the budget, or make the pools smaller",
            )
