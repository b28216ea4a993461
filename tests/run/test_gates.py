"""The gates of a deployment, and the exit code of its result."""

from __future__ import annotations

from typing import Any

import pytest

from infra.faults import Fault
from infra.settings.stack import Settings
from pouw.engine.operation import Operation
from pouw.engine.outcome import Changes, Conclusion, Outcome, ResourceFault
from pouw.errors import ConfigurationError, ExitCode, PouwError
from pouw.gate.verdict import Finding, Kind, Verdict
from pouw.run import bills, gates
from pouw.run.gates import GATES, Planned
from pouw.run.result import Result, combined_exit_code, exit_code, failed_start
from tests.cost.plans import SITE, component, settings, step

GREEN = Verdict(stack="staging", environment="staging")
VIOLATION = Finding(
    kind=Kind.VIOLATION, rule="rule", urn="urn", path="", message="is bad", severity="high", mandatory=True
)
RED = Verdict(stack="staging", environment="staging", findings=[VIOLATION])
REFUSAL = Fault(path="backup", message="is too old")


def outcome(conclusion: Conclusion = Conclusion.SUCCEEDED, **fields: Any) -> Outcome:
    """Return the outcome of a preview that creates one cluster."""
    steps = [component(SITE), step("aws:eks/cluster:Cluster", "cluster", {})]
    values: dict[str, Any] = {
        "operation": "preview", "stack": "staging", "conclusion": conclusion, "changes": Changes(create=1),
        "resources": (), "steps": steps, "outputs": {}, "faults": [], "warnings": [], "violations": (),
        "tallies": (), "seconds": 1.0,
    }  # fmt: skip
    return Outcome(**{**values, **fields})


def result(conclusion: Conclusion = Conclusion.SUCCEEDED, **fields: Any) -> Result:
    return Result(operation=Operation.PREVIEW, outcome=outcome(conclusion), **fields)


def preview_of(stack: Settings, verdict: Verdict = GREEN) -> Planned:
    """Return a priced plan of one cluster."""
    plan = outcome()
    return Planned(settings=stack, outcome=plan, verdict=verdict, bill=bills.bill_of(plan, stack))


def test_a_plan_over_a_budget_is_refused() -> None:
    (fault,) = gates.refusals(preview_of(settings(budget={"monthly": 72})))
    assert fault.path == "pouw:sites[0].budget.monthly"


def test_a_plan_within_its_budget_is_admitted() -> None:
    assert gates.refusals(preview_of(settings(budget={"monthly": 73}))) == []


def test_a_plan_is_priced_before_a_deployment_only_for_a_budget() -> None:
    assert bills.has_budget(settings(budget={"monthly": 72}))
    assert not bills.has_budget(settings())


def test_a_red_verdict_refuses_a_plan_with_its_counts() -> None:
    (fault,) = gates.refusals(preview_of(settings(), RED))
    assert fault.message == "the compliance gate is red"
    assert "1 violations" in fault.got


@pytest.mark.parametrize("conclusion", [Conclusion.FAILED, Conclusion.BROKEN, Conclusion.INTERRUPTED])
def test_a_preview_that_failed_has_no_fault_of_the_policy(conclusion: Conclusion) -> None:
    incomplete = Planned(settings=settings(), outcome=outcome(conclusion), verdict=RED)
    assert gates.refusals(incomplete) == []


def test_every_gate_reports_its_faults_in_order() -> None:
    faults = gates.refusals(preview_of(settings(budget={"monthly": 72}), RED), [*GATES, lambda _: [REFUSAL]])
    assert [fault.path for fault in faults] == ["stack staging", "pouw:sites[0].budget.monthly", "backup"]


@pytest.mark.parametrize(
    ("conclusion", "code"),
    [
        (Conclusion.SUCCEEDED, ExitCode.OK),
        (Conclusion.REFUSED, ExitCode.POLICY),
        (Conclusion.FAILED, ExitCode.FAILED),
        (Conclusion.BROKEN, ExitCode.ENGINE),
        (Conclusion.INTERRUPTED, ExitCode.INTERRUPTED),
    ],
)
def test_the_conclusion_of_the_engine_has_an_exit_code(conclusion: Conclusion, code: ExitCode) -> None:
    assert exit_code(result(conclusion)) is code
    assert exit_code(result(conclusion, verdict=RED)) is code


def test_a_refusal_of_a_gate_is_a_policy_failure() -> None:
    assert exit_code(result(refusals=[REFUSAL])) is ExitCode.POLICY
    assert not result(refusals=[REFUSAL]).ok


@pytest.mark.parametrize("conclusion", [Conclusion.FAILED, Conclusion.BROKEN, Conclusion.INTERRUPTED])
def test_a_failure_of_the_engine_keeps_its_code_behind_a_red_gate(conclusion: Conclusion) -> None:
    assert exit_code(result(conclusion, refusals=[REFUSAL])) is exit_code(result(conclusion))


def test_a_green_verdict_overrules_the_refusal_of_the_engine() -> None:
    assert exit_code(result(Conclusion.REFUSED, verdict=GREEN)) is ExitCode.OK
    fault = ResourceFault(resource="urn", path="part", message="failed")
    with_faults = Result(operation=Operation.UP, outcome=outcome(Conclusion.REFUSED, faults=[fault]), verdict=GREEN)
    assert exit_code(with_faults) is ExitCode.FAILED


def test_an_error_before_the_start_decides_the_exit_code() -> None:
    failure = failed_start(
        Operation.PREVIEW, "staging", ConfigurationError(Fault(path="pouw:nodes", message="is wrong"))
    )
    assert exit_code(failure) is ExitCode.CONFIGURATION
    assert [str(fault) for fault in failure.faults] == ["pouw:nodes: is wrong"]


def test_the_first_failure_decides_for_several_results() -> None:
    failures = [result(), result(Conclusion.BROKEN), result(Conclusion.FAILED)]
    assert combined_exit_code(failures) is ExitCode.ENGINE
    assert combined_exit_code([result(), result()]) is ExitCode.OK


def test_an_interrupt_decides_for_several_results() -> None:
    interrupt = failed_start(Operation.PREVIEW, "staging", PouwError(code=ExitCode.INTERRUPTED))
    assert combined_exit_code([result(Conclusion.FAILED), interrupt]) is ExitCode.INTERRUPTED
