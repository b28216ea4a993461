"""The gate with the real engine: it admits, it refuses, and it fails closed."""

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

from infra.faults import Fault
from infra.settings.stack import Settings
from policies import pack_config
from policies.rule import AnyRule
from pouw.engine.events import SECRET_MARK
from pouw.engine.operation import Operation, Request
from pouw.engine.outcome import Conclusion
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.engine.session import Session
from pouw.errors import ExitCode
from pouw.evidence import chain
from pouw.evidence.store import EvidenceStore
from pouw.gate import analysis, evaluation, verdict_output
from pouw.gate import waivers as gate_waivers
from pouw.gate.stack_policy import StackPolicy
from pouw.gate.verdict import Kind, Verdict
from pouw.gate.waivers import Waiver
from pouw.home import Home
from pouw.paths import REPOSITORY
from pouw.progress import SilentProgress
from pouw.run.admission import Admission
from pouw.run.gates import GATES, Gate, Planned
from pouw.run.result import Result, exit_code
from tests.engine.conftest import MakeProject, engine, make_project, pouw_home
from tests.gate import programs, tiny_rules
from tests.gate.tiny_rules import COLOUR, FINISH, INVERSE, LABEL, SIZE
from tests.policies.analyzer import UNKNOWN

__all__ = ["engine", "make_project", "pouw_home"]

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("pouw_home")]

GOOD = {"size": 2, "colour": "red", "finish": "matt", "label": "one"}
TODAY = date(2026, 11, 25)


@pytest.fixture
def policy_of(tmp_path: Path) -> Callable[..., StackPolicy]:
    """Return a function that makes a policy with a pack of this text and these waivers."""

    def make(pack: str = programs.PACK, waivers: Sequence[Waiver] = (), **config: Any) -> StackPolicy:
        folder = tmp_path / "pack"
        folder.mkdir(exist_ok=True)
        (folder / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 0.1.0\n")
        (folder / "__main__.py").write_text(dedent(pack.replace("{repository!r}", repr(str(REPOSITORY)))))
        configuration = {"environment": "staging", **config, "waived": gate_waivers.pack_entries(waivers)}
        return StackPolicy(
            stack="local",
            configuration=configuration,
            config=pack_config.parse(configuration, tiny_rules.BY_ID),
            waivers=waivers,
            today=TODAY,
            pack=folder,
            rules=tiny_rules.BY_ID,
            rules_for=tiny_rules.rules_for,
        )

    return make


PolicyOf = Callable[..., StackPolicy]


@dataclass(frozen=True, kw_only=True)
class Runner:
    """A runner of projects with the engine, behind the gates of a policy."""

    engine: Engine
    make: MakeProject
    home: Home

    def project(self, parts: Mapping[str, Mapping[str, Any]]) -> Project:
        return self.make(programs.PROGRAM, {"tiny:parts": dict(parts)})

    def preview(self, project: Project, policy: StackPolicy) -> Result:
        return self.admission(project, policy).preview(self.request("preview"))

    def up(self, project: Project, policy: StackPolicy, gates: Sequence[Gate] = GATES) -> Result:
        return self.admission(project, policy, gates).up(self.request("up"))

    def admission(self, project: Project, policy: StackPolicy, gates: Sequence[Gate] = GATES) -> Admission:
        return Admission(
            settings=Settings(environment="staging", sites=()),
            policy=policy,
            engine=self.engine,
            home=self.home,
            progress=SilentProgress(),
            project=project,
            gates=gates,
        )

    def analyse(self, project: Project, policy: StackPolicy) -> Verdict:
        return analysis.analyse(
            self.request("up"), self.engine, SilentProgress(), policy, home=self.home, project=project
        )

    @staticmethod
    def request(operation: str) -> Request:
        return Request(operation=Operation(operation), stack="local")


@pytest.fixture
def runner(engine: Engine, make_project: MakeProject) -> Runner:
    return Runner(engine=engine, make=make_project, home=Home.from_environment(os.environ))


def verdict_of(result: Result) -> Verdict:
    assert result.verdict is not None
    return result.verdict


def findings(result: Result) -> list[tuple[str, str, str]]:
    """Return kind, rule and resource of every finding, in order."""
    return sorted(
        (finding.kind.value, finding.rule, finding.urn.rsplit("::", 1)[-1]) for finding in verdict_of(result).findings
    )


def test_a_clean_stack_passes_and_every_check_is_counted(policy_of: PolicyOf, runner: Runner) -> None:
    result = runner.preview(runner.project({"a": GOOD, "b": {**GOOD, "label": "two"}}), policy_of())
    assert exit_code(result) is ExitCode.OK, verdict_of(result)
    assert verdict_of(result).gaps == []
    assert {rule: len(urns) for rule, urns in verdict_of(result).passed.items()} == dict.fromkeys(tiny_rules.BY_ID, 2)


def test_every_violation_is_reported_once_and_the_engine_agrees(policy_of: PolicyOf, runner: Runner) -> None:
    parts = {
        "a": {**GOOD, "size": 9, "colour": "green"},
        "b": {**GOOD, "size": 7, "finish": "shiny"},
        "c": {**GOOD, "label": "two"},
    }
    result = runner.preview(runner.project(parts), policy_of())
    assert exit_code(result) is ExitCode.POLICY
    assert verdict_of(result).gaps == []
    assert findings(result) == sorted(
        [
            ("violation", SIZE.id, "a"),
            ("violation", COLOUR.id, "a"),
            ("violation", SIZE.id, "b"),
            ("violation", FINISH.id, "b"),
            ("violation", LABEL.id, "a"),
            ("violation", LABEL.id, "b"),
        ]
    )
    assert len(result.outcome.violations) == 5  # advice is no violation to the engine


def test_source_positions_are_known_for_our_own_program_only(policy_of: PolicyOf, runner: Runner) -> None:
    result = runner.preview(runner.project({"a": GOOD}), policy_of())
    assert result.plan.digest
    assert result.plan.positions == {}


def test_unknown_values_and_crashes_fail_closed_for_their_rule_only(policy_of: PolicyOf, runner: Runner) -> None:
    parts = {
        "a": {**{key: value for key, value in GOOD.items() if key != "size"}, "weighed": 2},
        "b": {**GOOD, "size": 0, "label": "two"},
    }
    result = runner.preview(runner.project(parts), policy_of())
    assert exit_code(result) is ExitCode.POLICY
    assert verdict_of(result).gaps == []
    assert findings(result) == sorted(
        [
            ("unevaluated", SIZE.id, "a"),
            ("unevaluated", INVERSE.id, "a"),
            ("unevaluated", INVERSE.id, "b"),
        ]
    )
    reasons = {
        finding.urn[-1]: finding.message for finding in verdict_of(result).findings if finding.rule == INVERSE.id
    }
    assert "size is not known" in reasons["a"]
    assert "ZeroDivisionError" in reasons["b"]


def waiver(rule: AnyRule, **more: Any) -> Waiver:
    fields = {
        "rule": rule.id,
        "resource": f"{tiny_rules.PART}::a",
        "stacks": ("local",),
        "owner": "parts@example.org",
        "reason": "it is weighed while it is created",
        "ticket": "OPS-1",
        "expires": date(2026, 12, 1),
    }
    return Waiver.model_validate({**fields, **more})


HEAVY = {"colour": "red", "finish": "matt", "label": "one", "weighed": 9}
"""A part that violates the rule about its size, which is unknown before its creation."""


def test_nothing_is_created_behind_a_red_gate(policy_of: PolicyOf, runner: Runner) -> None:
    project = runner.project({"a": {**GOOD, "size": 9}})
    result = runner.up(project, policy_of())
    assert (result.operation, exit_code(result)) == (Operation.PREVIEW, ExitCode.POLICY)
    assert not Session.of("local", runner.engine, project, home=runner.home).exists()


def test_nothing_is_created_if_another_gate_refuses_the_plan(policy_of: PolicyOf, runner: Runner) -> None:
    project = runner.project({"a": GOOD})

    def refuse(preview: Planned) -> Sequence[Fault]:
        assert preview.outcome.ok
        assert not preview.verdict.red
        return [Fault(path="backup", message="is too old")]

    result = runner.up(project, policy_of(), gates=[*GATES, refuse])
    assert (result.operation, exit_code(result)) == (Operation.PREVIEW, ExitCode.POLICY)
    assert [str(fault) for fault in result.faults] == ["backup: is too old"]
    assert not Session.of("local", runner.engine, project, home=runner.home).exists()


def test_a_waived_unknown_is_admitted_and_checked_after_the_deployment(policy_of: PolicyOf, runner: Runner) -> None:
    project = runner.project({"a": HEAVY})
    assert verdict_of(runner.preview(project, policy_of())).red
    waiving = policy_of(waivers=[waiver(SIZE), waiver(INVERSE)])
    preview = runner.preview(project, waiving)
    assert preview.ok, preview.verdict
    assert [finding.kind for finding in verdict_of(preview).waived] == [Kind.UNEVALUATED] * 2
    deployed = runner.up(project, waiving)
    assert deployed.ok, deployed.verdict
    assert [(finding.kind, finding.rule) for finding in verdict_of(deployed).waived] == [(Kind.VIOLATION, SIZE.id)]
    verdict = runner.analyse(project, policy_of())
    assert verdict.gaps == []
    blocking = [(finding.kind, finding.rule) for finding in verdict.findings if finding.blocks]
    assert blocking == [(Kind.VIOLATION, SIZE.id)]


def test_a_value_that_violates_a_rule_once_known_is_not_created(policy_of: PolicyOf, runner: Runner) -> None:
    project = runner.project({"a": HEAVY})
    deployed = evaluation.evaluate(
        runner.request("up"), runner.engine, SilentProgress(), policy_of(), home=runner.home, project=project
    )
    assert deployed.outcome.conclusion is Conclusion.REFUSED
    assert deployed.verdict.red
    state = Session.of("local", runner.engine, project, home=runner.home).ask("stack", "export")
    assert [one["urn"] for one in json.loads(state)["deployment"]["resources"] if tiny_rules.PART in one["urn"]] == []


@pytest.mark.parametrize(
    "pack", [programs.BROKEN_PACK, programs.SILENT_PACK], ids=["does not load", "writes no record"]
)
def test_a_pack_that_does_not_work_fails_closed(policy_of: PolicyOf, runner: Runner, pack: str) -> None:
    result = runner.preview(runner.project({"a": GOOD}), policy_of(pack))
    assert not result.ok
    assert verdict_of(result).red
    assert verdict_of(result).gaps
    assert not verdict_of(result).passed


def test_a_pack_with_an_invalid_configuration_fails_closed(policy_of: PolicyOf, runner: Runner) -> None:
    policy = policy_of()
    invalid = replace(policy, configuration={**policy.configuration, "levels": {"no-such-rule": "advisory"}})
    result = runner.preview(runner.project({"a": GOOD}), invalid)
    assert not result.ok
    assert verdict_of(result).red


UNPAINTED = {key: value for key, value in GOOD.items() if key != "colour"}
REMEDIATING = {"remediate": True, "settings": {"sites": [{"name": "rack"}]}}


def test_a_missing_property_is_added_where_the_stack_allows_it(policy_of: PolicyOf, runner: Runner) -> None:
    project = runner.project({"a": UNPAINTED, "b": {**GOOD, "label": "two"}})
    without_fix = runner.preview(project, policy_of())
    assert exit_code(without_fix) is ExitCode.POLICY
    assert findings(without_fix) == [("violation", COLOUR.id, "a")]
    assert verdict_of(without_fix).remedies == []
    assert "colour" not in inputs(without_fix, "a")

    preview = runner.preview(project, policy_of(**REMEDIATING))
    assert preview.ok, preview.verdict
    assert list(verdict_output.remedies(verdict_of(preview))) == [f"remedied: {COLOUR.id} on a: colour"]
    assert inputs(preview, "a") == {**UNPAINTED, "colour": "blue"}
    assert inputs(preview, "b") == {**GOOD, "label": "two"}

    deployed = runner.up(project, policy_of(**REMEDIATING))
    assert deployed.ok, deployed.verdict
    entries = chain.read(EvidenceStore.of_home(runner.home).latest("local").read_bytes())
    remedies = [entry.body for entry in entries if entry.kind == "remedy"]
    assert [(remedy["rule"], remedy["paths"]) for remedy in remedies] == [(COLOUR.id, ["colour"])]
    verdict = runner.analyse(project, policy_of(**REMEDIATING))
    assert (verdict.findings, verdict.gaps, verdict.remedies) == ([], [], [])


def test_a_fix_with_an_unknown_value_changes_nothing(policy_of: PolicyOf, runner: Runner) -> None:
    parts = {"a": {**{key: value for key, value in UNPAINTED.items() if key != "size"}, "weighed": 2}}
    result = runner.preview(runner.project(parts), policy_of(**REMEDIATING))
    assert exit_code(result) is ExitCode.POLICY
    assert verdict_of(result).gaps == []
    assert ("violation", COLOUR.id, "a") in findings(result)
    assert list(verdict_output.remedies(verdict_of(result))) == [
        f"not remedied: {COLOUR.id} on a: size is not known before the deployment"
    ]


def test_a_remedy_preserves_secrets_and_unknown_values(policy_of: PolicyOf, runner: Runner) -> None:
    project = runner.make(programs.PROGRAM + programs.SEALED, {"tiny:parts": {}}, folder="sealed")
    result = runner.preview(project, policy_of(**REMEDIATING))
    assert result.ok, result.verdict
    assert verdict_of(result).gaps == []
    after = inputs(result, "sealed")
    assert after["colour"] == "blue"
    assert SECRET_MARK in after["pin"]
    assert after["weight"] == UNKNOWN


def inputs(result: Result, name: str) -> Mapping[str, Any]:
    """Return the inputs that the engine planned for a part."""
    return next(step.after or {} for step in result.outcome.steps if step.subject.name == name)


def test_an_advisory_environment_reports_findings_and_continues(policy_of: PolicyOf, runner: Runner) -> None:
    result = runner.preview(runner.project({"a": {**GOOD, "size": 9}}), policy_of(advisory=True))
    assert result.ok
    assert [(finding.rule, finding.mandatory) for finding in verdict_of(result).findings] == [(SIZE.id, False)]
