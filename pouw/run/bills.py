"""The bill of a run, from the steps that the engine planned."""

from __future__ import annotations

from infra.settings.stack import Settings
from pouw.cost import plan, table
from pouw.cost.estimate import Estimate, estimate
from pouw.engine.outcome import Outcome


def bill_of(outcome: Outcome, settings: Settings) -> Estimate:
    """Return the bill after a run, and its change by the run."""
    return estimate(plan.of(outcome.steps, settings.sites), table.load())


def has_budget(settings: Settings) -> bool:
    """True if any site has a budget; otherwise a deployment is not priced."""
    return any(site.budget for site in settings.managed_sites)
