"""The budgets of sites: a plan over a budget is refused before anything is created."""

from __future__ import annotations

from collections.abc import Iterator

from infra.faults import Fault
from infra.settings.site import ManagedSite
from infra.settings.stack import NAMESPACE, Settings
from pouw.cost.estimate import Estimate


def faults(settings: Settings, estimate: Estimate) -> Iterator[Fault]:
    """Yield a fault for each site over its budget."""
    for index, site in enumerate(settings.sites):
        if not isinstance(site, ManagedSite) or site.budget is None:
            continue
        monthly = estimate.of_site(site.name)
        if monthly > site.budget.monthly:
            yield Fault(
                path=f"{NAMESPACE}:sites[{index}].budget.monthly",
                message=f"site {site.name} costs more than its budget",
                got=f"{monthly:,.0f} {estimate.currency} per month at the prices of {estimate.prices_of}, without use",
                expected=f"at most {site.budget.monthly:,d}, taken as {estimate.currency}",
                remedy="raise the budget, or make the pools smaller",
            )
