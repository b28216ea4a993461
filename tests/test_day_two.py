"""Changes to a running stack, rehearsed through the real engine: clusters, workloads and chains survive."""

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
    """Return the configuration of a stack with one site in a cloud, without the demands of production."""
    if cloud != "azure":
        name = {"aws": "staging", "gcp": "gcp"}[cloud]
        return deepcopy(dict(stacks.project_of(name).stack_settings(name)["config"]))
    config = deepcopy(dict(Project().stack_settings("production")["config"]))
    site = next(entry for entry in config["pouw:sites"] if entry["cloud"] == cloud)
    return {**config, "pouw:environment": "staging", "pouw:sites": [{**site, "role": "active"}]}


def rehearse(folder: Path, config: Mapping[str, Any], operation: Operation, *, ok: bool = True) -> Outcome:
    """Run an operation on a stack with this configuration against the simulated cloud."""
    (folder / "Pulumi.changing.yaml").write_text(yaml.safe_dump({"config": dict(config)}))
    project = Project(examples=folder)
    settings = previews.checked_settings("changing", project)
    progress = SilentProgress()
    rehearsal = Rehearsal.of("changing", Home.from_environment(os.environ), project)
    references = stack_images.references(settings)
    extra = extra_configuration.for_program("changing", settings, references, home=rehearsal.home, project=project)
    outcome = rehearsal.run_through(rehearsal.ungated(progress), operation, progress, extra=extra).outcome
    assert outcome.ok is ok, [*map(str, outcome.faults)]
    return outcome


@pytest.mark.parametrize("cloud", MACHINES)
def test_changed_machines_tags_and_contacts_replace_no_workload(
    cloud: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POUW_HOME", str(tmp_path / "state"))
    config = one_site(cloud)
    rehearse(tmp_path, config, Operation.UP)
    pools = config["pouw:sites"][0]["pools"]
    pools["miners"]["instance"] = MACHINES[cloud]
    pools["rpc"]["diskGib"] = 200
    config |= {"pouw:tags": {"owner": "platform-team"}, "pouw:contacts": ["others@pouw.example.org"]}
    preview = rehearse(tmp_path, config, Operation.PREVIEW)
    types = {resource.type for resource in preview.resources if resource.operation in ("replace", "delete")}
    assert {token for token in types if token.startswith(("kubernetes:", "pulumi:providers:"))} == set()
    assert types <= {
        "aws:eks/nodeGroup:NodeGroup",
        "aws:sns/topicSubscription:TopicSubscription",
        "azure-native:containerservice:AgentPool",
        "gcp:container/nodePool:NodePool",
    }
    replacements = [resource for resource in preview.resources if resource.operation == "replace"]
    assert replacements, "machines of another type replace the old ones"
    name = {"azure": "agentPoolName", "gcp": "name"}.get(cloud)
    renamed = [resource for resource in replacements if name in resource.properties]
    assert name is None or renamed == replacements, "a new name lets the new machines start first"


def test_the_chain_of_production_survives_a_change_of_its_volumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POUW_HOME", str(tmp_path / "state"))
    config = deepcopy(dict(stacks.EXAMPLES.stack_settings("on-premises")["config"]))
    assert config["pouw:environment"] == "production"
    deployment = rehearse(tmp_path, config, Operation.UP)
    policies = {
        step.after["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"]
        for step in deployment.steps
        if step.after and step.subject.type == "kubernetes:apps/v1:StatefulSet"
    }
    assert policies == {"Retain"}
    config["pouw:nodes"]["storage"] = {"size": "300Gi"}
    preview = rehearse(tmp_path, config, Operation.PREVIEW, ok=False)
    assert any("StatefulSet" in fault.path and "protect" in fault.message for fault in preview.faults), preview.faults
