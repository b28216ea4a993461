from __future__ import annotations

import json
from typing import Any

import pytest

from pouw.engine.events import (
    Diagnostic,
    PolicyRemediation,
    PolicyTally,
    PolicyViolation,
    StepEnded,
    StepFailed,
    StepStarted,
    Subject,
    Summary,
    parse,
)
from pouw.engine.outcome import Changes, Conclusion, Ending, Outcome, Recorder, printed_errors

STACK = "urn:pulumi:local::pouw::pulumi:pulumi:Stack::pouw-local"
NODE = "urn:pulumi:local::pouw::pouw:kubernetes:NodeCluster$kubernetes:apps/v1:StatefulSet::miners"


def line(**content: object) -> bytes:
    return json.dumps({"sequence": 1, "timestamp": 2, **content}, separators=(",", ":")).encode()


def metadata(op: str, urn: str = NODE, **more: object) -> dict[str, object]:
    return {"metadata": {"op": op, "urn": urn, "logical": True, **more}}


def folded(*lines: bytes, status: int = 0, interrupted: bool = False, output: str = "") -> Outcome:
    recorder = Recorder(operation="up", stack="local")
    for item in lines:
        if (event := parse(item)) is not None:
            recorder.take(event)
    return recorder.outcome(Ending(status=status, interrupted=interrupted, seconds=1.5, output=output))


def test_a_subject_knows_its_own_type_and_name() -> None:
    subject = Subject(urn=NODE)
    assert (subject.type, subject.name) == ("kubernetes:apps/v1:StatefulSet", "miners")
    assert str(subject) == "kubernetes:apps/v1:StatefulSet miners"


def test_every_kind_of_event_is_read() -> None:
    assert parse(line(resourcePreEvent={**metadata("update", diffs=["spec"]), "planning": True})) == StepStarted(
        subject=Subject(urn=NODE), operation="update", logical=True, properties=("spec",), is_planned=True
    )
    step = parse(line(resOutputsEvent=metadata("create", new={"outputs": {"a": 1}})))
    assert step == StepEnded(subject=Subject(urn=NODE), operation="create", outputs={"a": 1}, is_planned=False)
    assert parse(line(resOpFailedEvent=metadata("create"))) == StepFailed(subject=Subject(urn=NODE), operation="create")
    assert parse(line(diagnosticEvent={"severity": "info#err", "message": "x\n", "ephemeral": True})) == Diagnostic(
        subject=None, severity="info", message="x", passing=True
    )
    violation = parse(
        line(policyEvent={"policyName": "r", "policyPackName": "p", "enforcementLevel": "advisory", "message": "m\n"})
    )
    assert violation == PolicyViolation(pack="p", rule="r", subject=None, level="advisory", message="m")
    remedied = {
        "policyPackName": "p",
        "resourceUrn": NODE,
        "before": {"a": 1, "list": [{"b": None}], "gone": 1, "__defaults": ["c"]},
        "after": {"a": 1, "list": [{"b": {"c": False}}], "tags": {"x": "1", "y": "2"}, "__defaults": []},
    }
    assert parse(line(policyRemediationEvent=remedied)) == PolicyRemediation(
        pack="p", subject=Subject(urn=NODE), paths=("list[0].b.c", "gone", "tags.x", "tags.y")
    )
    tally = {"policyPackName": "p", "passed": ["a"], "notApplicable": [{"policyName": "b"}]}
    assert parse(line(policyAnalyzeSummaryEvent=tally)) == PolicyTally(
        pack="p", subject=None, passed_rules=("a",), failed_rules=(), inapplicable_rules=("b",)
    )
    assert parse(line(summaryEvent={"durationSeconds": 3, "resourceChanges": {"same": 1}, "result": "failed"})) == (
        Summary(succeeded=False, seconds=3, changes={"same": 1})
    )


def test_detailed_paths_win_over_top_level_names() -> None:
    body = metadata("update", diffs=["spec"], detailedDiff={"spec.replicas": {"diffKind": "update"}})
    event = parse(line(resourcePreEvent=body))
    assert isinstance(event, StepStarted)
    assert event.properties == ("spec.replicas",)


@pytest.mark.parametrize(
    "content",
    [
        {"diagnosticEvent": {"message": "x", "severity": "debug"}},
        {"preludeEvent": {"config": {}}},
        {"cancelEvent": {}},
        {"someEventOfALaterEngine": {}},
    ],
)
def test_events_that_are_not_used_are_ignored(content: dict[str, object]) -> None:
    assert parse(line(**content)) is None


def test_a_line_that_is_no_event_is_an_error() -> None:
    with pytest.raises(ValueError, match="Expecting"):
        parse(b"{")
    with pytest.raises(TypeError):
        parse(b"[]")


def test_the_engines_own_count_is_kept_and_quiet_operations_are_no_changes() -> None:
    outcome = folded(
        line(resourcePreEvent=metadata("replace")),
        line(resourcePreEvent=metadata("same", STACK)),
        line(summaryEvent={"resourceChanges": {"replace": 1, "same": 4, "create": 2, "delete": 3, "update": 5}}),
    )
    assert outcome.ok
    assert outcome.changes == Changes(create=2, update=5, replace=1, delete=3, unchanged=4)
    assert outcome.changes.total == 11
    assert [(change.name, change.operation) for change in outcome.resources] == [("miners", "replace")]


def test_without_a_last_word_the_steps_are_counted() -> None:
    assert folded(line(resourcePreEvent=metadata("create")), status=1).changes == Changes(create=1)


def test_the_engines_closing_words_are_no_fault_of_their_own() -> None:
    outcome = folded(
        line(diagnosticEvent={"severity": "error", "message": "it is too big\n", "urn": NODE}),
        line(diagnosticEvent={"severity": "error", "message": "update failed\n"}),
        line(summaryEvent={"result": "failed"}),
        status=255,
    )
    assert outcome.conclusion is Conclusion.FAILED
    assert [str(fault) for fault in outcome.faults] == ["kubernetes:apps/v1:StatefulSet miners: it is too big"]


def test_a_failed_step_without_a_diagnostic_is_still_a_fault() -> None:
    outcome = folded(line(resOpFailedEvent=metadata("delete")), line(summaryEvent={"result": "failed"}), status=1)
    assert [fault.message for fault in outcome.faults] == ["delete failed"]


def test_only_a_mandatory_violation_refuses_a_run() -> None:
    def policy(level: str) -> bytes:
        return line(policyEvent={"policyName": "r", "enforcementLevel": level})

    outcome_of_failure = line(summaryEvent={"result": "failed"})
    assert folded(policy("mandatory"), outcome_of_failure, status=1).conclusion is Conclusion.REFUSED
    assert folded(policy("advisory"), outcome_of_failure, status=1).conclusion is Conclusion.FAILED
    assert folded(policy("advisory")).conclusion is Conclusion.SUCCEEDED


def test_an_engine_that_fails_before_its_first_event_is_quoted() -> None:
    outcome = folded(status=255, output="Updating (local):\nerror: the stack is locked\n  by another process\nmore\n")
    assert outcome.conclusion is Conclusion.BROKEN
    assert [fault.message for fault in outcome.faults] == ["the stack is locked\nby another process"]


def test_an_engine_that_dies_without_a_word_is_a_fault() -> None:
    (fault,) = folded(status=-9).faults
    assert fault.message == "the engine ended with status -9 and gave no reason"


def test_an_interrupt_wins_over_every_other_reason() -> None:
    assert folded(status=255, interrupted=True).conclusion is Conclusion.INTERRUPTED


def test_secret_outputs_are_one_word_at_any_depth() -> None:
    mark = {"4dabf18193072939515e22adb298388d": "x", "ciphertext": "[secret]"}
    outcome = folded(line(resOutputsEvent=metadata("same", STACK, new={"outputs": {"a": [mark, 1], "b": {"c": mark}}})))
    assert outcome.outputs == {"a": ["[secret]", 1], "b": {"c": "[secret]"}}


@pytest.mark.parametrize(
    ("outputs", "settled"),
    [
        ({"a": 1}, True),
        ({"a": 2}, False),
        ({"a": 1, "b": 2}, False),
        ({"a": {"4dabf18193072939515e22adb298388d": "x", "ciphertext": "[secret]"}}, False),
    ],
)
def test_a_plan_is_settled_when_the_state_holds_its_result(outputs: dict[str, Any], settled: bool) -> None:
    old = outputs if "a" in outputs and isinstance(outputs["a"], dict) else {"a": 1}
    step = line(resOutputsEvent=metadata("same", STACK, old={"outputs": old}, new={"outputs": outputs}))
    assert folded(step, status=0).settled is settled


def test_a_plan_that_changes_a_resource_is_not_settled() -> None:
    unchanged = line(resOutputsEvent=metadata("same", STACK, old={"outputs": {}}, new={"outputs": {}}))
    change = line(resourcePreEvent=metadata("update"))
    assert folded(unchanged, status=0).settled
    assert not folded(unchanged, change, status=0).settled


def test_printed_errors_are_split_at_each_error() -> None:
    assert printed_errors("error: a\n  b\nwarning: c\nerror: d") == ["a\nb", "d"]
