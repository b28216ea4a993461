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

from infra.clouds import CLOUDS
from pouw.cli.__main__ import root as command
from pouw.engine.events import StepStarted
from pouw.engine.project import Project
from pouw.home import Home
from pouw.progress import SilentProgress
from pouw.run import previews, stacks
from pouw.run.previews import Target
from pouw.run.result import Result

pytestmark = pytest.mark.engine
PACKAGES = {cloud.package for cloud in CLOUDS.values()}
FAILED_OVER = "production after a failover"
"""The stack production with its standby as the active site."""
EXCEPTIONS = {
    "pouw-sites-stack-require-standby": "the example on premises has one site",
}
"""Advisory rules that a stack breaks on purpose, with the reason."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Result]:
    """The previews by name."""
    targets = {
        **{target.name: target for target in previews.all_targets()},
        FAILED_OVER: exchange_roles(tmp_path_factory.mktemp("other")),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POUW_HOME", str(tmp_path_factory.mktemp("state")))
        home = Home.from_environment(os.environ)
        results = previews.run([*targets.values()], SilentProgress(), home=home)
        return dict(zip(targets, results, strict=True))


def exchange_roles(folder: Path) -> Target:
    """Return the stack production with the roles of its sites exchanged."""
    settings = deepcopy(dict(Project().stack_settings("production")))
    for site in settings["config"]["pouw:sites"]:
        site["role"] = "active" if site.get("role") == "standby" else "standby"
    (folder / "Pulumi.production.yaml").write_text(yaml.safe_dump(settings))
    return Target(name="production", project=Project(examples=folder))


def names() -> list[str]:
    """Return the names of all stacks and examples."""
    return [target.name for target in previews.all_targets()]


def managed() -> list[str]:
    """Return the names of the stacks with a cloud site."""
    return [name for name in stacks.names() if stacks.settings(name).managed_sites]


@pytest.mark.parametrize("name", names())
def test_a_stack_previews_without_a_fault_and_passes_the_gate(name: str, results: Mapping[str, Result]) -> None:
    result = results[name]
    assert result.verdict is not None
    assert result.ok, [*map(str, result.faults), *map(str, result.verdict.findings), *result.verdict.gaps]
    assert [finding for finding in result.verdict.findings if finding.mandatory] == []
    assert result.verdict.waived == []


@pytest.mark.parametrize("name", names())
def test_a_stack_follows_all_advisory_rules_but_the_exceptions(name: str, results: Mapping[str, Result]) -> None:
    verdict = results[name].verdict
    assert verdict is not None
    assert {finding.rule for finding in verdict.findings} - set(EXCEPTIONS) == set()


@pytest.mark.parametrize("name", names())
def test_no_cloud_resource_uses_a_default_provider(name: str, results: Mapping[str, Result]) -> None:
    steps = [step for step in results[name].outcome.steps if step.subject.type.partition(":")[0] in PACKAGES]
    defaults = [str(step.subject) for step in steps if step.provider.rpartition("::")[2].startswith("default")]
    assert defaults == []
    if name in managed():
        assert steps


def test_a_standby_takes_over_by_names_alone(results: Mapping[str, Result]) -> None:
    def inputs(step: StepStarted) -> tuple[str, Mapping[str, Any]]:
        # Plugins choose other names in each plan, until one is deployed.
        generated = {"name", "roleAssignmentName", "roleDefinitionId"}
        return step.subject.type, {key: value for key, value in (step.after or {}).items() if key not in generated}

    plans = [
        {step.subject.urn: inputs(step) for step in results[name].outcome.steps} for name in ("production", FAILED_OVER)
    ]
    assert plans[0].keys() == plans[1].keys(), "no resource is replaced or deleted"
    updates = {urn.rpartition("::")[2]: step[0] for urn, step in plans[0].items() if plans[1][urn] != step}
    assert updates == dict.fromkeys(["dns-service-primary", "dns-service-dr"], "aws:route53/record:Record")


@pytest.mark.parametrize("name", names())
def test_the_bill_of_a_stack_prices_every_type_and_keeps_to_the_budget(
    name: str, results: Mapping[str, Result]
) -> None:
    bill = results[name].bill
    assert bill is not None
    assert [text for text in bill.unknown if "not in the table" in text or "not known yet" in text] == []
    assert bool(bill.monthly) is any(
        step.subject.type.partition(":")[0] in PACKAGES for step in results[name].outcome.steps
    )


@pytest.mark.parametrize("name", managed())
def test_a_cloud_stack_deploys_to_a_simulated_cloud_and_passes_the_gate(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POUW_HOME", str(tmp_path))
    invocation = CliRunner().invoke(command, ["up", name, "--rehearse"])
    assert invocation.exit_code == 0, invocation.output[-2000:]
    assert " 0 violations, 0 not evaluated" in invocation.output
