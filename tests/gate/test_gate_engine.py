"""The gate with the real engine: what passes, what is refused, and that nothing passes by default."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from policies import pack_config
from policies.rule import AnyRule
from pouw.engine.events import SECRET_MARK
from pouw.engine.operation import Operation, Request
from pouw.engine.outcome import Outcome
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.engine.session import Session
from pouw.errors import ExitCode
from pouw.evidence import chain, store
from pouw.gate import admission, analysis, evaluation, verdict_output
from pouw.gate import waivers as waiving
from pouw.gate.evaluation import Gate, Judged
from pouw.gate.verdict import Kind
from pouw.gate.waivers import Waiver
from pouw.home import Home
from pouw.paths import REPOSITORY
from pouw.progress import SilentProgress
from tests.engine.conftest import MakeProject, engine, make_project, pouw_home
from tests.gate import programs, tiny_rules
from tests.gate.tiny_rules import COLOUR, FINISH, INVERSE, LABEL, SIZE
from tests.policies.analyzer import UNKNOWN

__all__ = ["engine", "make_project", "pouw_home"]

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("pouw_home")]

GOOD = {"size": 2, "colour": "red", "finish": "matt", "label": "one"}
TODAY = date(2026, 11, 25)


@pytest.fixture
def gate_of(tmp_path: Path) -> Callable[..., Gate]:
    """Makes a gate with a pack of this text and these waivers."""

    def make(pack: str = programs.PACK, waivers: Sequence[Waiver] = (), **told: Any) -> Gate:
        folder = tmp_path / "pack"
        folder.mkdir(exist_ok=True)
        (folder / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 0.1.0\n")
        (folder / "__main__.py").write_text(dedent(pack.replace("{repository!r}", repr(str(REPOSITORY)))))
        given = {"environment": "staging", **told, "waived": waiving.as_told(waivers)}
        return Gate(
            stack="local",
            told=given,
            config=pack_config.parse(given, tiny_rules.BY_ID),
            waivers=waivers,
            today=TODAY,
            pack=folder,
            rules=tiny_rules.BY_ID,
            rules_for=tiny_rules.rules_for,
        )

    return make


GateOf = Callable[..., Gate]


@dataclass(frozen=True, kw_only=True)
class Runner:
    """Runs one project with the engine, under one gate or another."""

    engine: Engine
    make: MakeProject

    def project(self, parts: Mapping[str, Mapping[str, Any]]) -> Project:
        return self.make(programs.PROGRAM, {"tiny:parts": dict(parts)})

    def run(self, project: Project, gate_: Gate, what: str = "preview") -> Judged:
        return evaluation.run(self.request(what), self.engine, SilentProgress(), gate_, project=project)

    @staticmethod
    def request(what: str) -> Request:
        return Request(operation=Operation(what), stack="local")


@pytest.fixture
def runner(engine: Engine, make_project: MakeProject) -> Runner:
    return Runner(engine=engine, make=make_project)


def found(judged: Judged) -> list[tuple[str, str, str]]:
    """Kind, rule and resource of every finding, in order."""
    return sorted((one.kind.value, one.rule, one.urn.rsplit("::", 1)[-1]) for one in judged.verdict.findings)


def test_a_clean_stack_passes_and_every_check_is_counted(gate_of: GateOf, runner: Runner) -> None:
    judged = runner.run(runner.project({"a": GOOD, "b": {**GOOD, "label": "two"}}), gate_of())
    assert judged.outcome.exit_code is ExitCode.OK, judged.verdict
    assert judged.verdict.gaps == []
    assert {rule: len(urns) for rule, urns in judged.verdict.passed.items()} == dict.fromkeys(tiny_rules.BY_ID, 2)


def test_every_planted_violation_is_reported_once_and_the_engine_agrees(gate_of: GateOf, runner: Runner) -> None:
    parts = {
        "a": {**GOOD, "size": 9, "colour": "green"},
        "b": {**GOOD, "size": 7, "finish": "shiny"},
        "c": {**GOOD, "label": "two"},
    }
    judged = runner.run(runner.project(parts), gate_of())
    assert judged.outcome.exit_code is ExitCode.POLICY
    assert judged.verdict.gaps == []
    assert found(judged) == sorted(
        [
            ("violation", SIZE.id, "a"),
            ("violation", COLOUR.id, "a"),
            ("violation", SIZE.id, "b"),
            ("violation", FINISH.id, "b"),
            ("violation", LABEL.id, "a"),
            ("violation", LABEL.id, "b"),
        ]
    )
    assert len(judged.outcome.violations) == 5  # advice is no violation to the engine


def test_the_line_that_declared_a_resource_is_known_only_for_our_own_program(gate_of: GateOf, runner: Runner) -> None:
    judged = runner.run(runner.project({"a": GOOD}), gate_of())
    assert judged.plan.digest
    assert judged.plan.positions == {}


def test_an_unknown_value_and_a_crash_fail_closed_and_no_other_rule_suffers(gate_of: GateOf, runner: Runner) -> None:
    parts = {
        "a": {**{key: value for key, value in GOOD.items() if key != "size"}, "weighed": 2},
        "b": {**GOOD, "size": 0, "label": "two"},
    }
    judged = runner.run(runner.project(parts), gate_of())
    assert judged.outcome.exit_code is ExitCode.POLICY
    assert judged.verdict.gaps == []
    assert found(judged) == sorted(
        [
            ("unevaluated", SIZE.id, "a"),
            ("unevaluated", INVERSE.id, "a"),
            ("unevaluated", INVERSE.id, "b"),
        ]
    )
    reasons = {one.urn[-1]: one.message for one in judged.verdict.findings if one.rule == INVERSE.id}
    assert "size is not known" in reasons["a"]
    assert "ZeroDivisionError" in reasons["b"]


def waiver(rule: AnyRule, **more: Any) -> Waiver:
    given = {
        "rule": rule.id,
        "resource": f"{tiny_rules.PART}::a",
        "stacks": ("local",),
        "owner": "parts@example.org",
        "reason": "it is weighed while it is made",
        "ticket": "OPS-1",
        "expires": date(2026, 12, 1),
    }
    return Waiver.model_validate({**given, **more})


HEAVY = {"colour": "red", "finish": "matt", "label": "one", "weighed": 9}
"""A part that breaks the rule about its size, which is not known before it is made."""


def test_nothing_is_created_behind_a_red_gate(gate_of: GateOf, runner: Runner) -> None:
    project = runner.project({"a": {**GOOD, "size": 9}})
    outcome = admission.up(runner.request("up"), gate_of(), runner.engine, SilentProgress(), project=project)
    assert (outcome.operation, outcome.exit_code) == ("preview", ExitCode.POLICY)
    assert not Session.of("local", runner.engine, project, home=Home.from_environment(os.environ)).exists()


def test_nothing_is_created_where_somebody_else_refuses_the_plan(gate_of: GateOf, runner: Runner) -> None:
    project = runner.project({"a": GOOD})

    def refuse(planned: Outcome) -> Outcome:
        assert planned.ok
        return replace(planned, exit_code=ExitCode.POLICY)

    told = admission.up(
        runner.request("up"), gate_of(), runner.engine, SilentProgress(), allowed=refuse, project=project
    )
    assert (told.operation, told.exit_code) == ("preview", ExitCode.POLICY)
    assert not Session.of("local", runner.engine, project, home=Home.from_environment(os.environ)).exists()


def test_a_waived_unknown_is_let_through_and_judged_on_what_is_real(gate_of: GateOf, runner: Runner) -> None:
    project = runner.project({"a": HEAVY})
    assert runner.run(project, gate_of()).verdict.red
    waiving_ = gate_of(waivers=[waiver(SIZE), waiver(INVERSE)])
    planned = runner.run(project, waiving_)
    assert planned.outcome.ok, planned.verdict
    assert [one.kind for one in planned.verdict.waived] == [Kind.UNEVALUATED] * 2
    outcome = admission.up(runner.request("up"), waiving_, runner.engine, SilentProgress(), project=project)
    assert outcome.ok, outcome.verdict
    assert outcome.verdict is not None
    assert [(one.kind, one.rule) for one in outcome.verdict.waived] == [(Kind.VIOLATION, SIZE.id)]
    real = analysis.verdict(runner.request("up"), runner.engine, SilentProgress(), gate_of(), project=project)
    assert real.gaps == []
    assert [(one.kind, one.rule) for one in real.findings if one.blocks] == [(Kind.VIOLATION, SIZE.id)]


def test_what_turns_out_bad_when_it_becomes_known_is_not_created(gate_of: GateOf, runner: Runner) -> None:
    project = runner.project({"a": HEAVY})
    done = runner.run(project, gate_of(), "up")
    assert done.outcome.exit_code is ExitCode.POLICY
    state = Session.of("local", runner.engine, project, home=Home.from_environment(os.environ)).ask("stack", "export")
    assert [one["urn"] for one in json.loads(state)["deployment"]["resources"] if tiny_rules.PART in one["urn"]] == []


@pytest.mark.parametrize("pack", [programs.BROKEN_PACK, programs.SILENT_PACK], ids=["does not load", "says nothing"])
def test_a_pack_that_does_not_work_fails_closed(gate_of: GateOf, runner: Runner, pack: str) -> None:
    judged = runner.run(runner.project({"a": GOOD}), gate_of(pack))
    assert not judged.outcome.ok
    assert judged.verdict.red
    assert judged.verdict.gaps
    assert not judged.verdict.passed


def test_a_pack_that_is_told_nonsense_fails_closed(gate_of: GateOf, runner: Runner) -> None:
    gate_ = gate_of()
    nonsense = replace(gate_, told={**gate_.told, "levels": {"no-such-rule": "advisory"}})
    judged = runner.run(runner.project({"a": GOOD}), nonsense)
    assert not judged.outcome.ok
    assert judged.verdict.red


UNPAINTED = {key: value for key, value in GOOD.items() if key != "colour"}
LETTING = {"remediate": True, "settings": {"sites": [{"name": "rack"}]}}


def test_what_is_missing_is_added_shown_and_judged_where_the_stack_lets_it(gate_of: GateOf, runner: Runner) -> None:
    project = runner.project({"a": UNPAINTED, "b": {**GOOD, "label": "two"}})
    refused = runner.run(project, gate_of())
    assert refused.outcome.exit_code is ExitCode.POLICY
    assert found(refused) == [("violation", COLOUR.id, "a")]
    assert refused.verdict.remedies == []
    assert "colour" not in inputs(refused, "a")

    planned = runner.run(project, gate_of(**LETTING))
    assert planned.outcome.ok, planned.verdict
    assert list(verdict_output.remedies(planned.verdict)) == [f"remedied: {COLOUR.id} on a: colour"]
    assert inputs(planned, "a") == {**UNPAINTED, "colour": "blue"}
    assert inputs(planned, "b") == {**GOOD, "label": "two"}

    done = admission.up(runner.request("up"), gate_of(**LETTING), runner.engine, SilentProgress(), project=project)
    assert done.ok, done.verdict
    kept = [one.body for one in chain.read(store.latest("local").read_bytes()) if one.kind == "remedy"]
    assert [(one["rule"], one["paths"]) for one in kept] == [(COLOUR.id, ["colour"])]
    real = analysis.verdict(runner.request("up"), runner.engine, SilentProgress(), gate_of(**LETTING), project=project)
    assert (real.findings, real.gaps, real.remedies) == ([], [], [])


def test_a_fix_that_meets_an_unknown_value_leaves_the_resource_to_its_rules(gate_of: GateOf, runner: Runner) -> None:
    parts = {"a": {**{key: value for key, value in UNPAINTED.items() if key != "size"}, "weighed": 2}}
    judged = runner.run(runner.project(parts), gate_of(**LETTING))
    assert judged.outcome.exit_code is ExitCode.POLICY
    assert judged.verdict.gaps == []
    assert ("violation", COLOUR.id, "a") in found(judged)
    assert list(verdict_output.remedies(judged.verdict)) == [
        f"not remedied: {COLOUR.id} on a: size is not known before the deployment"
    ]


def test_secrets_and_unknown_values_come_through_a_remedy_as_they_are(gate_of: GateOf, runner: Runner) -> None:
    project = runner.make(programs.PROGRAM + programs.SEALED, {"tiny:parts": {}}, folder="sealed")
    judged = runner.run(project, gate_of(**LETTING))
    assert judged.outcome.ok, judged.verdict
    assert judged.verdict.gaps == []
    after = inputs(judged, "sealed")
    assert after["colour"] == "blue"
    assert SECRET_MARK in after["pin"]
    assert after["weight"] == UNKNOWN


def inputs(judged: Judged, name: str) -> Mapping[str, Any]:
    """The inputs that the engine planned for a part."""
    return next(one.after or {} for one in judged.outcome.steps if one.subject.name == name)


def test_an_advisory_environment_is_told_everything_and_goes_on(gate_of: GateOf, runner: Runner) -> None:
    judged = runner.run(runner.project({"a": {**GOOD, "size": 9}}), gate_of(advisory=True))
    assert judged.outcome.ok
    assert [(one.rule, one.mandatory) for one in judged.verdict.findings] == [(SIZE.id, False)]
