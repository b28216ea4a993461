"""Every stack and example of this repository through the real engine, with the gate: previewed once, side by side."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pouw import stacks
from pouw.deployment import previews
from pouw.engine.outcome import Outcome
from pouw.progress import SilentProgress

pytestmark = pytest.mark.engine
CLOUDS = ("aws", "azure-native", "gcp")


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Outcome]:
    """The preview of each, by its name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POUW_HOME", str(tmp_path_factory.mktemp("state")))
        return {one.stack: one for one in previews.run(previews.every(), SilentProgress())}


def names() -> list[str]:
    """Stacks and examples."""
    return [target.name for target in previews.every()]


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
def test_no_resource_of_a_cloud_is_left_to_the_environments_region_or_account(
    name: str, outcomes: Mapping[str, Outcome]
) -> None:
    made = [step for step in outcomes[name].steps if step.subject.type.partition(":")[0] in CLOUDS]
    left = [str(step.subject) for step in made if step.provider.rpartition("::")[2].startswith("default")]
    assert left == []
    if name in stacks.names() and any(site.managed for site in stacks.settings(name).sites):
        assert made


@pytest.mark.parametrize("name", names())
def test_the_bill_of_a_stack_of_ours_leaves_no_type_out_and_keeps_to_the_budget(
    name: str, outcomes: Mapping[str, Outcome]
) -> None:
    cost = outcomes[name].cost
    assert cost is not None
    assert [one for one in cost.unknown if "not in the table" in one or "not known yet" in one] == []
    assert bool(cost.monthly) is any(step.subject.type.partition(":")[0] in CLOUDS for step in outcomes[name].steps)
