"""Budgets before a deployment: a plan over one is refused, and nothing is priced where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pouw.engine.events import StepStarted
from pouw.engine.outcome import Changes, Outcome
from pouw.errors import ExitCode
from pouw.run import costs
from tests.cost.plans import SITE, component, settings, step


def planned(exit_code: ExitCode = ExitCode.OK, **more: Any) -> Outcome:
    """A plan of one cluster."""
    steps: Sequence[StepStarted] = [component(SITE), step("aws:eks/cluster:Cluster", "cluster", {})]
    return Outcome(
        operation="preview", stack="staging", exit_code=exit_code, changes=Changes(create=1), resources=(), steps=steps,
        outputs={}, faults=[], warnings=[], violations=(), tallies=(), seconds=1.0, **more,
    )  # fmt: skip


def test_a_plan_over_a_budget_is_refused() -> None:
    found = costs.within_budget(planned(), settings(budget={"monthly": 72}))
    assert found.exit_code is ExitCode.POLICY
    assert [one.path for one in found.faults] == ["pouw:sites[0].budget.monthly"]


def test_a_plan_within_its_budget_goes_on() -> None:
    found = costs.within_budget(planned(), settings(budget={"monthly": 73}))
    assert (found.ok, found.faults) == (True, [])


def test_a_plan_that_failed_already_keeps_its_own_code() -> None:
    found = costs.within_budget(planned(ExitCode.ENGINE), settings(budget={"monthly": 72}))
    assert found.exit_code is ExitCode.ENGINE


def test_nothing_is_priced_where_no_site_has_a_budget() -> None:
    plan = planned()
    assert costs.within_budget(plan, settings()) is plan
