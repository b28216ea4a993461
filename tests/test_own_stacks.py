"""Every stack and example of this repository through the real engine, with the gate: previewed once, side by side."""

from __future__ import annotations

import os
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from pouw.cli.__main__ import root as command
from pouw.engine.events import StepStarted
from pouw.engine.project import Project
from pouw.home import Home
from pouw.progress import SilentProgress
from pouw.run import previews, stacks
from pouw.run.previews import Target
from pouw.run.result import Result

pytestmark = pytest.mark.engine
CLOUDS = ("aws", "azure-native", "gcp")
TAKEN_OVER = "production taken over"
"""What production comes to when its standby serves."""
CONSIDERED = {
    "pouw-sites-stack-require-standby": "the example on premises is of one hall",
}
"""Advice that a stack of ours does not follow, and why."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Result]:
    """The preview of each, by its name."""
    targets = {
        **{target.name: target for target in previews.all_targets()},
        TAKEN_OVER: taken_over(tmp_path_factory.mktemp("other")),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POUW_HOME", str(tmp_path_factory.mktemp("state")))
        home = Home.from_environment(os.environ)
        results = previews.run([*targets.values()], SilentProgress(), home=home)
        return dict(zip(targets, results, strict=True))


def taken_over(folder: Path) -> Target:
    """The stack production with the roles of its sites exchanged."""
    settings = deepcopy(dict(Project().stack_settings("production")))
    for site in settings["config"]["pouw:sites"]:
        site["role"] = "active" if site.get("role") == "standby" else "standby"
    (folder / "Pulumi.production.yaml").write_text(yaml.safe_dump(settings))
    return Target(name="production", project=Project(examples=folder))


def names() -> list[str]:
    """Stacks and examples."""
    return [target.name for target in previews.all_targets()]


def managed() -> list[str]:
    """Stacks with a site that a cloud manages."""
    return [name for name in stacks.names() if any(site.managed for site in stacks.settings(name).sites)]


@pytest.mark.parametrize("name", names())
def test_a_stack_of_ours_previews_without_a_fault_and_passes_the_gate(name: str, results: Mapping[str, Result]) -> None:
    result = results[name]
    assert result.verdict is not None
    assert result.ok, [*map(str, result.faults), *map(str, result.verdict.findings), *result.verdict.gaps]
    assert [finding for finding in result.verdict.findings if finding.mandatory] == []
    assert result.verdict.waived == []


@pytest.mark.parametrize("name", names())
def test_a_stack_of_ours_follows_all_advice_but_what_was_considered(name: str, results: Mapping[str, Result]) -> None:
    verdict = results[name].verdict
    assert verdict is not None
    assert {one.rule for one in verdict.findings} - set(CONSIDERED) == set()


@pytest.mark.parametrize("name", names())
def test_no_resource_of_a_cloud_is_left_to_the_environments_region_or_account(
    name: str, results: Mapping[str, Result]
) -> None:
    made = [step for step in results[name].outcome.steps if step.subject.type.partition(":")[0] in CLOUDS]
    left = [str(step.subject) for step in made if step.provider.rpartition("::")[2].startswith("default")]
    assert left == []
    if name in managed():
        assert made


def test_a_standby_takes_over_by_names_alone(results: Mapping[str, Result]) -> None:
    def told(step: StepStarted) -> tuple[str, Mapping[str, Any]]:
        # Plugins make up other names for each plan, until one is deployed.
        invented = {"name", "roleAssignmentName", "roleDefinitionId"}
        return step.subject.type, {key: value for key, value in (step.after or {}).items() if key not in invented}

    declared = [
        {step.subject.urn: told(step) for step in results[name].outcome.steps} for name in ("production", TAKEN_OVER)
    ]
    assert declared[0].keys() == declared[1].keys(), "nothing is made anew or taken away"
    changed = {urn.rpartition("::")[2]: one[0] for urn, one in declared[0].items() if declared[1][urn] != one}
    assert changed == dict.fromkeys(["dns-service-primary", "dns-service-dr"], "aws:route53/record:Record")


@pytest.mark.parametrize("name", names())
def test_the_bill_of_a_stack_of_ours_leaves_no_type_out_and_keeps_to_the_budget(
    name: str, results: Mapping[str, Result]
) -> None:
    bill = results[name].bill
    assert bill is not None
    assert [one for one in bill.unknown if "not in the table" in one or "not known yet" in one] == []
    assert bool(bill.monthly) is any(
        step.subject.type.partition(":")[0] in CLOUDS for step in results[name].outcome.steps
    )


@pytest.mark.parametrize("name", managed())
def test_a_cloud_stack_of_ours_comes_up_in_a_simulated_cloud_and_passes_the_gate_there(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POUW_HOME", str(tmp_path))
    done = CliRunner().invoke(command, ["up", name, "--rehearse"])
    assert done.exit_code == 0, done.output[-2000:]
    assert " 0 violations, 0 not evaluated" in done.output
