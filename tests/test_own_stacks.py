"""Every stack and example of this repository through the real engine, with the gate: previewed once, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from pouw import stacks
from pouw.cli.__main__ import root as command
from pouw.deployment import previews
from pouw.engine.outcome import Outcome
from pouw.progress import SilentProgress

pytestmark = pytest.mark.engine
CLOUDS = ("aws", "azure-native", "gcp")
CONSIDERED = {
    "aws-route53-zone-require-dnssec": "a parent has to take the zone's key by hand",
    "aws-route53-zone-require-query-log": "the zone is public, and its logs stand in one region only",
    "kubernetes-core-namespace-require-limits": "every pod of the namespace names its own",
    "pouw-sites-stack-require-standby": "the example on premises is of one hall",
}
"""Advice that a stack of ours does not follow, and why."""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Outcome]:
    """The preview of each, by its name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POUW_HOME", str(tmp_path_factory.mktemp("state")))
        return {one.stack: one for one in previews.run(previews.every(), SilentProgress())}


def names() -> list[str]:
    """Stacks and examples."""
    return [target.name for target in previews.every()]


def managed() -> list[str]:
    """Stacks with a site that a cloud manages."""
    return [name for name in stacks.names() if any(site.managed for site in stacks.settings(name).sites)]


@pytest.mark.parametrize("name", names())
def test_a_stack_of_ours_previews_without_a_fault_and_passes_the_gate(
    name: str, outcomes: Mapping[str, Outcome]
) -> None:
    outcome = outcomes[name]
    assert outcome.verdict is not None
    assert outcome.ok, [*map(str, outcome.faults), *map(str, outcome.verdict.findings), *outcome.verdict.gaps]
    assert [one for one in outcome.verdict.findings if one.mandatory] == []
    assert outcome.verdict.waived == []


@pytest.mark.parametrize("name", names())
def test_a_stack_of_ours_follows_all_advice_but_what_was_considered(name: str, outcomes: Mapping[str, Outcome]) -> None:
    verdict = outcomes[name].verdict
    assert verdict is not None
    assert {one.rule for one in verdict.findings} - set(CONSIDERED) == set()


@pytest.mark.parametrize("name", names())
def test_no_resource_of_a_cloud_is_left_to_the_environments_region_or_account(
    name: str, outcomes: Mapping[str, Outcome]
) -> None:
    made = [step for step in outcomes[name].steps if step.subject.type.partition(":")[0] in CLOUDS]
    left = [str(step.subject) for step in made if step.provider.rpartition("::")[2].startswith("default")]
    assert left == []
    if name in managed():
        assert made


@pytest.mark.parametrize("name", managed())
def test_a_cloud_stack_of_ours_comes_up_in_a_simulated_cloud_and_passes_the_gate_there(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POUW_HOME", str(tmp_path))
    done = CliRunner().invoke(command, ["up", name, "--rehearse"])
    assert done.exit_code == 0, done.output[-2000:]
    assert " 0 violations, 0 not evaluated" in done.output
