"""Killed runs and what the next one makes of them, with the real engine and a provider that writes files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from pouw.engine import operation, pulumi_home
from pouw.engine.operation import Operation, Request
from pouw.engine.outcome import Outcome
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.home import Home
from pouw.paths import REPOSITORY
from pouw.progress import SilentProgress
from tests.engine.conftest import MakeProject
from tests.engine.single_run import ENGINE_VARIABLE

pytestmark = [pytest.mark.engine]

_PROGRAM = """
    import pulumi

    config = pulumi.Config()
    count = config.require_int("objects")
    data = {"immutable": config.get("immutable") or "first"}
    options = pulumi.ResourceOptions(version="4.34.2")


    class ConfigMap(pulumi.CustomResource):
        def __init__(self, name, metadata, data):
            inputs = {"metadata": metadata, "data": data}
            super().__init__("kubernetes:core/v1:ConfigMap", name, inputs, options)


    for number in range(count):
        ConfigMap(f"named{number}", {"name": f"named{number}", "namespace": "some"}, {})
        free = ConfigMap(f"free{number}", {}, data)
        if config.get_bool("chained"):
            ConfigMap(f"behind{number}", {}, {"id": free.id})
"""
_OBJECTS = 3
_EXPECTED = 2 * _OBJECTS
_DELAY_S = 0.15


@dataclass(frozen=True, kw_only=True)
class World:
    """A project, an engine whose Kubernetes is a folder, and that folder."""

    project: Project
    engine: Engine
    cluster: Path
    environment: Mapping[str, str]

    def objects(self) -> Sequence[str]:
        return sorted(str(path.relative_to(self.cluster)) for path in self.cluster.glob("*/*.json"))

    def creates(self) -> Sequence[str]:
        log = self.cluster / "creates"
        return log.read_text().splitlines() if log.exists() else []

    def up(self) -> Outcome:
        request = Request(operation=Operation.UP, stack="local", environment=self.environment)
        return operation.run(
            request, self.engine, SilentProgress(), project=self.project, home=Home.from_environment(os.environ)
        )

    def up_elsewhere(self) -> subprocess.Popen[bytes]:
        told = {**os.environ, **self.environment, ENGINE_VARIABLE: f"{self.engine.path}:{self.engine.home}"}
        command = [sys.executable, "-m", "tests.engine.single_run", "up", str(self.project.root)]
        return subprocess.Popen(command, env=told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@pytest.fixture
def world(engine: Engine, make_project: MakeProject, pouw_home: Path, tmp_path: Path) -> World:
    del pouw_home
    plugin = pulumi_home.EmbeddedPlugin(name="kubernetes", version="4.34.2", module="tests.engine.fake_kubernetes")
    place = pulumi_home.install(engine.path, plugins=[plugin], root=tmp_path / "engines")
    assert place.cli is not None
    cluster = tmp_path / "cluster"
    cluster.mkdir()
    environment = {"FAKE_CLUSTER": str(cluster), "FAKE_DELAY_S": str(_DELAY_S), "PYTHONPATH": str(REPOSITORY)}
    return World(
        project=make_project(_PROGRAM, {"tiny:objects": _OBJECTS}),
        engine=Engine(kind="built", version="0", path=place.cli, home=place.path),
        cluster=cluster,
        environment=environment,
    )


def test_runs_killed_at_any_instant_leave_nothing_orphaned_and_nothing_double(world: World) -> None:
    for instant in (0.15, 0.45, 0.7, 0.85, 0.95, 1.05, 1.15, 1.3, 1.6):
        killed = world.up_elsewhere()
        time.sleep(instant)  # the instant is what is tested
        killed.kill()
        killed.communicate()
    outcome = world.up()
    assert outcome.ok, outcome.faults
    assert len(world.objects()) == _EXPECTED, world.creates()
    assert [line for line in world.creates() if line.startswith("again")] == []
    assert world.up().changes.total == 0


def test_an_engine_killed_between_making_an_object_and_writing_it_down_is_made_good(
    world: World, pouw_home: Path
) -> None:
    run = world.up_elsewhere()
    deadline = time.monotonic() + 30
    while not world.creates():
        assert time.monotonic() < deadline
        time.sleep(0.005)
    held = json.loads((pouw_home / "engine" / "locks" / "tiny.local.lock").read_text())
    os.kill(held["engine"], signal.SIGKILL)
    run.communicate()
    state = json.loads((pouw_home / "engine/backend/.pulumi/stacks/tiny/local.json").read_text())
    assert state["checkpoint"]["latest"]["pending_operations"], "the kill came at the instant that is meant"
    outcome = world.up()
    assert outcome.ok, outcome.faults
    assert len(world.objects()) == _EXPECTED, world.creates()
    assert [line for line in world.creates() if line.startswith("again")] == []


@pytest.mark.parametrize("instant", ["made", "being made"])
def test_an_engine_killed_while_it_replaces_an_object_leaves_one_of_them(
    world: World, pouw_home: Path, instant: str
) -> None:
    settings = world.project.root / "Pulumi.local.yaml"
    settings.write_text("config: {'tiny:objects': 1, 'tiny:chained': true}\n")
    assert world.up().ok
    before = world.objects()
    settings.write_text("config: {'tiny:objects': 1, 'tiny:chained': true, 'tiny:immutable': second}\n")
    creates = len(world.creates())
    run = world.up_elsewhere()
    state = pouw_home / "engine/backend/.pulumi/stacks/tiny/local.json"
    deadline = time.monotonic() + 30

    def pending() -> bool:
        return b"pending_operations" in state.read_bytes()

    while not (len(world.creates()) > creates if instant == "made" else pending()):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    held = json.loads((pouw_home / "engine" / "locks" / "tiny.local.lock").read_text())
    os.kill(held["engine"], signal.SIGKILL)
    run.communicate()
    assert pending(), "the kill came at the instant that is meant"
    outcome = world.up()
    assert outcome.ok, outcome.faults
    after = world.objects()
    assert len(after) == len(before) == 3, (before, after)
    assert len([one for one in after if "free" in one and one not in before]) == 1
    assert world.up().changes.total == 0


@pytest.mark.parametrize(
    "file", ["stacks/tiny/local.json.attrs", "stacks/tiny/local.json.bak.attrs", "meta.yaml.attrs"]
)
def test_attributes_cut_short_by_a_kill_do_not_keep_the_next_run_from_its_state(
    world: World, pouw_home: Path, file: str
) -> None:
    assert world.up().ok
    attributes = pouw_home / "engine/backend/.pulumi" / file
    assert attributes.exists()
    attributes.write_bytes(b"")
    outcome = world.up()
    assert outcome.ok, outcome.faults
    assert outcome.changes.total == 0


def test_a_recovery_that_was_killed_itself_is_done_again(world: World, pouw_home: Path) -> None:
    assert world.up().ok
    unread = pouw_home / "engine/stacks/tiny/local/unread.json"
    gone = world.cluster / world.objects()[0]
    urn = f"urn:pulumi:local::tiny::kubernetes:core/v1:ConfigMap::{gone.name.split('-')[0]}"
    gone.unlink()
    unread.write_text(json.dumps([urn, "urn:pulumi:local::tiny::kubernetes:core/v1:ConfigMap::never-there"]))
    outcome = world.up()
    assert outcome.ok, outcome.faults
    assert outcome.changes.create == 1, "the object that is gone was noticed, and made again"
    assert not unread.exists()
