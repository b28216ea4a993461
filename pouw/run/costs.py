"""The bill of a preview, and the budgets that it has to keep."""

from __future__ import annotations

from dataclasses import replace

from infra.settings.stack import Settings
from pouw.cost import budget, plan, table
from pouw.cost.estimate import estimate
from pouw.engine.outcome import Outcome, of_fault
from pouw.errors import ExitCode


def priced(outcome: Outcome, settings: Settings) -> Outcome:
    """The outcome with its bill. A site over its budget is a fault, with code POLICY where there is no other."""
    found = estimate(plan.of(outcome.steps, settings.sites), table.load())
    over = [of_fault(one) for one in budget.faults(settings, found)]
    code = ExitCode.POLICY if over and outcome.ok else outcome.exit_code
    return replace(outcome, cost=found, faults=[*outcome.faults, *over], exit_code=code)


def within_budget(planned: Outcome, settings: Settings) -> Outcome:
    """A deployment's plan, as :func:`priced` judges it; where no site has a budget, nothing is priced."""
    return priced(planned, settings) if any(site.budget for site in settings.managed_sites) else planned
