"""Changes to a stack that runs, rehearsed through the real engine: what must stay, stays."""

from __future__ import annotations

import os
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from pouw.engine.operation import Operation
from pouw.engine.outcome import Outcome
from pouw.engine.project import Project
from pouw.home import Home
from pouw.images import stack_images
from pouw.progress import SilentProgress
from pouw.run import extra_configuration, previews, stacks
from pouw.run.rehearsal import Rehearsal

pytestmark = pytest.mark.engine
MACHINES = {"aws": "c7i.4xlarge", "azure": "Standard_D16ds_v5", "gcp": "n2-standard-8"}


def one_site(cloud: str) -> dict[str, Any]:
    """The configuration of a stack of ours that stands in one cloud, without what only production insists on."""
    if cloud != "azure":
        name = {"aws": "staging", "gcp": "gcp"}[cloud]
        return deepcopy(dict(stacks.project_of(name).stack_settings(name)["config"]))
    found = deepcopy(dict(Project().stack_settings("production")["config"]))
    site = next(one for one in found["pouw:sites"] if one["cloud"] == cloud)
    return {**found, "pouw:environment": "staging", "pouw:sites": [{**site, "role": "active"}]}


def rehearsed(folder: Path, config: Mapping[str, Any], chosen: Operation, *, ok: bool = True) -> Outcome:
    (folder / "Pulumi.changing.yaml").write_text(yaml.safe_dump({"config": dict(config)}))
    project = Project(examples=folder)
    settings = previews.checked_settings("changing", project)
    progress = SilentProgress()
    rehearsal = Rehearsal.of("changing", Home.from_environment(os.environ), project)

    references = stack_images.references(settings)
    extra = extra_configuration.for_program("changing", settings, references, home=rehearsal.home, project=project)
    outcome = rehearsal.run_through(rehearsal.ungated(progress), chosen, progress, extra=extra).outcome
    assert outcome.ok is ok, [*map(str, outcome.faults)]
    return outcome


@pytest.mark.parametrize("cloud", MACHINES)
def test_other_machines_tags_and_contacts_leave_the_cluster_and_its_workloads_alone(
    cloud: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POUW_HOME", str(tmp_path / "state"))
    config = one_site(cloud)
    rehearsed(tmp_path, config, Operation.UP)
    pools = config["pouw:sites"][0]["pools"]
    pools["miners"]["instance"] = MACHINES[cloud]
    pools["rpc"]["diskGib"] = 200
    changed = {**config, "pouw:tags": {"owner": "somebody-else"}, "pouw:contacts": ["others@pouw.example.org"]}
    planned = rehearsed(tmp_path, changed, Operation.PREVIEW)
    lost = {one.type for one in planned.resources if one.operation in ("replace", "delete")}
    assert {token for token in lost if token.startswith(("kubernetes:", "pulumi:providers:"))} == set()
    assert lost <= {
        "aws:eks/nodeGroup:NodeGroup",
        "aws:sns/topicSubscription:TopicSubscription",
        "azure-native:containerservice:AgentPool",
        "gcp:container/nodePool:NodePool",
    }
    made_anew = [one for one in planned.resources if one.operation == "replace"]
    assert made_anew, "machines of another type are other machines"
    name = {"azure": "agentPoolName", "gcp": "name"}.get(cloud)
    assert all(name in one.properties for one in made_anew if name), "another name, so that the new ones come first"


def test_productions_chain_is_not_lost_to_a_change_that_makes_its_nodes_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POUW_HOME", str(tmp_path / "state"))
    config = deepcopy(dict(stacks.EXAMPLES.stack_settings("on-premises")["config"]))
    assert config["pouw:environment"] == "production"
    made = rehearsed(tmp_path, config, Operation.UP)
    kept = {
        step.after["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"]
        for step in made.steps
        if step.after and step.subject.type == "kubernetes:apps/v1:StatefulSet"
    }
    assert kept == {"Retain"}
    config["pouw:nodes"]["storage"] = {"size": "300Gi"}
    refused = rehearsed(tmp_path, config, Operation.PREVIEW, ok=False)
    assert any("StatefulSet" in one.path and "protect" in one.message for one in refused.faults), refused.faults
