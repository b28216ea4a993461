"""Rehearsals with the real engine: up, change, drift, kills and destroy, without any access to a real cloud."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from pouw.cli.__main__ import root as command
from pouw.engine.operation import Operation
from pouw.engine.outcome import Outcome
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.errors import EngineError
from pouw.home import Home
from pouw.paths import REPOSITORY
from pouw.progress import SilentProgress
from pouw.run import rehearsal as rehearsals
from pouw.run.rehearsal import BANNER, Rehearsal, RehearsalError
from tests.engine.conftest import MakeProject, engine, make_project, pouw_home
from tests.engine.offline.programs import (
    AWS,
    AWS_CONFIG,
    AWS_RESOURCES,
    CHAIN,
    OTHER_CLOUDS,
    OTHER_CLOUDS_CONFIG,
    OTHER_CLOUDS_RESOURCES,
    RAW,
)
from tests.engine.single_run import ENGINE_VARIABLE

__all__ = ["engine", "make_project", "pouw_home"]
pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("pouw_home")]

_KEYS = 12
_DEADLINE_S = 60.0
Run = Callable[..., Outcome]


@pytest.fixture
def run(engine: Engine) -> Run:
    """Return a function that runs an operation and checks its success."""

    def call(rehearsal: Rehearsal, name: str, *, ok: bool = True) -> Outcome:
        outcome = rehearsal.run(Operation(name), SilentProgress(), engine=engine).outcome
        assert outcome.ok is ok, list(map(str, outcome.faults))
        return outcome

    return call


def rehearsal_of(project: Project) -> Rehearsal:
    """Return the rehearsal of a project's local stack, in the home of the test."""
    return Rehearsal.of("local", Home.from_environment(os.environ), project)


def configure(project: Project, config: Mapping[str, object]) -> None:
    (project.root / "Pulumi.local.yaml").write_text(yaml.safe_dump({"config": dict(config)}))


def outputs_of(rehearsal: Rehearsal) -> Mapping[str, Any]:
    """Return the stack's outputs from the rehearsal's own backend."""
    (state,) = rehearsal.root.glob("engine/backend/.pulumi/stacks/*/local.json")
    resources = json.loads(state.read_text())["checkpoint"]["latest"]["resources"]
    outputs: Mapping[str, Any] = next(one["outputs"] for one in resources if one["type"] == "pulumi:pulumi:Stack")
    return outputs


def names(rehearsal: Rehearsal) -> list[str]:
    return sorted(one.urn.rpartition("::")[2] for one in rehearsal.cloud.records())


def test_a_site_is_created_kept_changed_and_destroyed(make_project: MakeProject, run: Run) -> None:
    project = make_project(AWS, AWS_CONFIG)
    rehearsal = rehearsal_of(project)
    assert run(rehearsal, "up").changes.create == AWS_RESOURCES
    outputs = outputs_of(rehearsal)
    assert outputs["endpoint"].endswith(".gr7.eu-west-1.eks.amazonaws.com")
    assert outputs["role"].startswith("arn:aws:iam::000000000000:role/role-"), "an account that does not exist"
    assert outputs["group"].startswith("sg-00000000")
    assert outputs["address"].startswith("192.0.2."), "an address for documentation"

    again = run(rehearsal, "up")
    assert (again.changes.unchanged, again.changes.create, again.changes.update) == (AWS_RESOURCES, 0, 0)
    assert outputs_of(rehearsal) == outputs

    configure(project, {**AWS_CONFIG, "range": "10.0.0.0/15"})
    failure = run(rehearsal, "up", ok=False)
    assert "must be a range between /16 and /28" in "".join(map(str, failure.faults))
    configure(project, {**AWS_CONFIG, "range": "10.0.0.0/17"})
    update = run(rehearsal, "up")
    replaced = {one.name for one in update.resources if one.operation == "replace"}
    assert replaced == {"network", "settings", "subnet-eu-west-1a", "subnet-eu-west-1b", "subnet-eu-west-1c"}
    assert {one.name for one in update.resources if one.operation == "update"} == {"cluster"}
    assert len(names(rehearsal)) == AWS_RESOURCES - 2, "what was replaced is gone"
    configure(project, {**AWS_CONFIG, "range": "10.0.0.0/18"})
    assert run(rehearsal, "up").changes.replace == len(replaced), "and what replaced it can be replaced"

    assert run(rehearsal, "destroy").changes.delete == AWS_RESOURCES
    assert not rehearsal.root.exists(), "nothing is left, the cloud included"


def test_sites_of_the_other_clouds_are_created_and_destroyed(make_project: MakeProject, run: Run) -> None:
    rehearsal = rehearsal_of(make_project(OTHER_CLOUDS, OTHER_CLOUDS_CONFIG))
    assert run(rehearsal, "up").changes.create == OTHER_CLOUDS_RESOURCES
    outputs = outputs_of(rehearsal)
    no_subscription = "00000000-0000-0000-0000-000000000000"
    assert outputs["subscription"] == no_subscription
    assert outputs["group"].startswith(f"/subscriptions/{no_subscription}/resourceGroups/group")
    assert outputs["blobs"].startswith("https://account")
    assert outputs["ring"].startswith("projects/offline-000000/locations/europe-west1/keyRings/ring-")
    assert outputs["bucket"].startswith("gs://bucket-")
    assert outputs["digest"].startswith("registry.example:5000/some/node:1@sha256:00000000")
    assert run(rehearsal, "up").changes.unchanged == OTHER_CLOUDS_RESOURCES
    run(rehearsal, "destroy")


def test_drift_is_found_by_a_refresh_and_corrected_by_an_up(make_project: MakeProject, run: Run) -> None:
    rehearsal = rehearsal_of(make_project(AWS, AWS_CONFIG))
    run(rehearsal, "up")
    rehearsal.drift("network", "tags.owner", "network-team")
    rehearsal.drift("door", "spec.ports[0].port", 81)
    rehearsal.vanish("settings")
    assert run(rehearsal, "up").changes.unchanged == AWS_RESOURCES, "an up alone trusts its state"
    drift = run(rehearsal, "refresh").changes
    assert (drift.update, drift.delete) == (2, 1)
    mended = run(rehearsal, "up")
    assert {(one.operation, one.name) for one in mended.resources} == {
        ("update", "network"),
        ("update", "door"),
        ("create", "settings"),
    }
    with pytest.raises(
        RehearsalError, match="holds no such resource; got 'nothing'; expected one of cluster, data, door"
    ):
        rehearsal.vanish("nothing")


def test_a_protected_resource_is_not_deleted(make_project: MakeProject, run: Run) -> None:
    project = make_project(AWS, {**AWS_CONFIG, "protected": True})
    rehearsal = rehearsal_of(project)
    run(rehearsal, "up")
    failure = run(rehearsal, "destroy", ok=False)
    assert "deletionProtection: forbids the deletion; got true" in "".join(map(str, failure.faults))
    assert "cluster" in names(rehearsal)
    configure(project, AWS_CONFIG)
    run(rehearsal, "up")
    run(rehearsal, "destroy")


def test_two_resources_cannot_have_one_name(make_project: MakeProject, run: Run) -> None:
    twice = RAW + '    Raw(config.require("type"), "other", inputs)\n'
    config = {**AWS_CONFIG, "type": "aws:s3/bucket:Bucket", "inputs": '{"bucket": "taken"}'}
    rehearsal = rehearsal_of(make_project(twice, config))
    failure = run(rehearsal, "up", ok=False)
    assert "taken: exists already in the simulated cloud" in "".join(map(str, failure.faults))


def test_subnets_may_not_overlap(make_project: MakeProject, run: Run) -> None:
    twice = RAW + '    Raw(config.require("type"), "other", inputs)\n'
    inputs = '{"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/24"}'
    config = {**AWS_CONFIG, "type": "aws:ec2/subnet:Subnet", "inputs": inputs}
    failure = run(rehearsal_of(make_project(twice, config)), "up", ok=False)
    assert "overlaps 10.0.0.0/24, a subnet of the same network; got 10.0.0.0/24" in "".join(map(str, failure.faults))


def start(engine: Engine, project: Project) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), ENGINE_VARIABLE: f"{engine.path}:{engine.home}"}
    arguments = [sys.executable, "-m", "tests.run.rehearsed_run", "up", str(project.root)]
    return subprocess.Popen(arguments, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("creations", [1, 5])
def test_a_killed_run_is_continued_and_leaves_nothing_twice(
    engine: Engine, make_project: MakeProject, run: Run, creations: int
) -> None:
    project = make_project(CHAIN, {**AWS_CONFIG, "keys": _KEYS})
    rehearsal = rehearsal_of(project)
    process = start(engine, project)
    deadline = time.monotonic() + _DEADLINE_S
    while len(rehearsal.cloud.records()) < creations:
        assert process.poll() is None, "it ended before it was killed"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    run(rehearsal, "up")
    assert names(rehearsal) == sorted(f"key{number}" for number in range(_KEYS))
    assert run(rehearsal, "up").changes.unchanged == _KEYS + 1
    run(rehearsal, "destroy")
    assert rehearsal.cloud.records() == []


def test_two_rehearsals_run_at_once(engine: Engine, make_project: MakeProject, run: Run) -> None:
    config = {**AWS_CONFIG, "keys": _KEYS}
    projects = [make_project(CHAIN, config, folder=name) for name in ("one", "other")]
    (projects[1].root / "Pulumi.yaml").write_text("name: other\nruntime: python\n")
    running = [start(engine, project) for project in projects]
    assert [process.wait(_DEADLINE_S) for process in running] == [0, 0]
    for project in projects:
        rehearsal = rehearsal_of(project)
        assert len(names(rehearsal)) == _KEYS
        run(rehearsal, "destroy")


def test_a_rehearsal_has_no_credential_and_its_own_backend(
    make_project: MakeProject, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shows = "import os\n\nimport pulumi\n\npulumi.export('seen', dict(os.environ))\n"
    users_backend = tmp_path / "backend"
    users_backend.mkdir()
    credentials = [
        "AWS_SECRET_ACCESS_KEY",
        "AZURE_CLIENT_SECRET",
        "ARM_CLIENT_SECRET",
        "GOOGLE_CREDENTIALS",
        "KUBECONFIG",
    ]
    for name in credentials:
        monkeypatch.setenv(name, "CANARY")
    monkeypatch.setenv("PULUMI_BACKEND_URL", users_backend.as_uri())
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "CANARY")
    rehearsal = rehearsal_of(make_project(shows))
    run(rehearsal, "up")
    environment = outputs_of(rehearsal)["seen"]
    assert "CANARY" not in environment.values()
    assert list(users_backend.iterdir()) == []
    assert os.environ["AWS_SECRET_ACCESS_KEY"] == "CANARY", "the caller's own environment is as it was"


def test_encrypted_values_of_a_stack_are_not_needed(make_project: MakeProject, run: Run) -> None:
    project = make_project("import pulumi\n\npulumi.export('word', pulumi.Config().require_secret('word'))\n")
    settings = {
        "encryptionsalt": "v1:aaaaaaaaaaa=:v1:bbbbbbbbbbbbbbbb:cccc",
        "config": {"tiny:word": {"secure": "v1:x:y"}},
    }
    (project.root / "Pulumi.local.yaml").write_text(yaml.safe_dump(settings))
    run(rehearsal_of(project), "up")


def test_the_simulated_cloud_is_readable_by_its_owner_only(make_project: MakeProject, run: Run) -> None:
    rehearsal = rehearsal_of(make_project(AWS, {**AWS_CONFIG, "word": "hidden"}))
    run(rehearsal, "up")
    database = rehearsal.root / "cloud" / "cloud.db"
    assert database.stat().st_mode & 0o077 == 0


def test_an_official_engine_rehearses_with_our_plugins_alone(engine: Engine, pouw_home: Path) -> None:
    del pouw_home
    official = replace(engine, kind="official", home=None, plugin_programs=Path("/somewhere"))
    embedded = rehearsals.with_embedded_plugins(official, Home.from_environment(os.environ))
    environment = embedded.environment({"PATH": "/usr/bin"})
    assert embedded.home is not None
    assert any((embedded.home / "plugins").glob("resource-aws-v*"))
    assert environment["PULUMI_HOME"] == str(embedded.home)
    assert environment["PULUMI_IGNORE_AMBIENT_PLUGINS"] == "true"


def test_the_command_marks_its_output_as_a_rehearsal(pouw_home: Path) -> None:
    up = CliRunner().invoke(command, ["up", "local", "--rehearse", "--json"])
    document = json.loads(up.stdout)
    assert (document["rehearsal"], document["ok"]) == (True, True)
    assert BANNER in up.stderr
    show = CliRunner().invoke(command, ["rehearsal", "show", "local"])
    assert BANNER in show.stdout
    assert "kubernetes:StatefulSet" in show.stdout
    down = CliRunner().invoke(command, ["down", "local", "--rehearse"])
    assert BANNER in down.stdout
    assert not (pouw_home / "rehearsal").exists()


def test_an_example_is_rehearsed_by_its_name(pouw_home: Path) -> None:
    def stack_document(*words: str) -> dict[str, Any]:
        result = CliRunner().invoke(command, [*words, "on-premises", "--rehearse", "--json"])
        assert result.exit_code == 0, result.output
        document: dict[str, Any] = json.loads(result.stdout)["stacks"][0]
        return document

    count = stack_document("up")["create"]
    assert count
    assert stack_document("preview")["same"] == count, "it is there, for a preview too"
    down = CliRunner().invoke(command, ["down", "on-premises", "--rehearse"])
    assert isinstance(down.exception, EngineError)
    (fault,) = down.exception.faults
    assert (fault.path, fault.expected) == ("stack on-premises", "none")
    assert "hall-a-blue-miner" in fault.got, "production's chain is kept"
    assert stack_document("preview")["same"] == count, "and all around it"
    down = CliRunner().invoke(command, ["down", "on-premises", "--unprotect", "--rehearse"])
    assert f"{count} deleted" in down.stdout, down.output
    assert not (pouw_home / "rehearsal").exists()
