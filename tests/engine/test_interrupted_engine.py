"""Killed runs and their recovery by the next one, with the real engine and a provider that writes files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from pouw import poll
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
_TIMEOUT_SECONDS = 60.0
POINTS = (
    "configure",
    "before create 1",
    "after create 1",
    "read",
    "before create 2",
    "after create 2",
    "read",
)
"""Points of successive runs; each continues where the one before was killed."""


@dataclass(frozen=True, kw_only=True)
class World:
    """A project, an engine whose cluster is a folder, and that folder."""

    project: Project
    engine: Engine
    cluster: Path
    environment: Mapping[str, str]

    def objects(self) -> Sequence[str]:
        """Return the objects of the cluster."""
        return sorted(str(path.relative_to(self.cluster)) for path in self.cluster.glob("*/*.json"))

    def creates(self) -> Sequence[str]:
        log = self.cluster / "creates"
        return log.read_text().splitlines() if log.exists() else []

    def up(self) -> Outcome:
        request = Request(operation=Operation.UP, stack="local", environment=self.environment)
        return operation.run(
            request, self.engine, SilentProgress(), project=self.project, home=Home.from_environment(os.environ)
        )

    def kill_run_at(self, point: str, *, only_engine: bool = False) -> None:
        """Start a run in a process of its own, and kill it, or its engine alone, at a point of the provider."""
        reached = self.cluster / "reached"
        reached.unlink(missing_ok=True)
        variables = {ENGINE_VARIABLE: f"{self.engine.path}:{self.engine.home}", "FAKE_HOLD": point}
        run = subprocess.Popen(
            [sys.executable, "-m", "tests.engine.single_run", "up", str(self.project.root)],
            env={**os.environ, **self.environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        poll.until(lambda: reached.exists() or run.poll() is not None, seconds=_TIMEOUT_SECONDS, interval_seconds=0.005)
        assert reached.exists(), f"{point} was not reached: {run.poll()}"
        if only_engine:
            os.kill(json.loads(self.lock.read_text())["child"], signal.SIGKILL)
        else:
            run.kill()
        run.communicate()

    @property
    def lock(self) -> Path:
        return Path(os.environ["POUW_HOME"], "engine/locks/tiny.local.lock")

    def pending(self) -> Sequence[str]:
        """Return the kinds of the operations that the state holds as pending."""
        path = Path(os.environ["POUW_HOME"], "engine/backend/.pulumi/stacks/tiny/local.json")
        deployment = json.loads(path.read_text())["checkpoint"]["latest"]
        return [operation["type"] for operation in deployment.get("pending_operations") or []]


@pytest.fixture
def world(engine: Engine, make_project: MakeProject, pouw_home: Path, tmp_path: Path) -> World:
    del pouw_home
    plugin = pulumi_home.EmbeddedPlugin(name="kubernetes", version="4.34.2", module="tests.engine.fake_kubernetes")
    private = pulumi_home.install(engine.path, plugins=[plugin], root=tmp_path / "engines")
    assert private.cli is not None
    cluster = tmp_path / "cluster"
    cluster.mkdir()
    return World(
        project=make_project(_PROGRAM, {"tiny:objects": _OBJECTS}),
        engine=Engine(kind="built", version="0", path=private.cli, home=private.path),
        cluster=cluster,
        environment={"FAKE_CLUSTER": str(cluster), "PYTHONPATH": str(REPOSITORY)},
    )


def test_runs_killed_at_every_point_leave_no_orphan_and_no_duplicate(world: World) -> None:
    for point in POINTS:
        world.kill_run_at(point)
    outcome = world.up()
    assert outcome.ok, outcome.faults
    assert len(world.objects()) == _EXPECTED, world.creates()
    assert [line for line in world.creates() if line.startswith("again")] == []
    assert world.up().changes.total == 0


def test_an_object_that_a_killed_engine_did_not_record_is_adopted(world: World) -> None:
    world.kill_run_at("after create 1", only_engine=True)
    assert "creating" in world.pending()
    outcome = world.up()
    assert outcome.ok, outcome.faults
    assert len(world.objects()) == _EXPECTED, world.creates()
    assert [line for line in world.creates() if line.startswith("again")] == []


@pytest.mark.parametrize("point", ["before create 1", "after create 1"])
def test_an_engine_killed_during_a_replacement_leaves_one_object(world: World, point: str) -> None:
    settings = world.project.root / "Pulumi.local.yaml"
    settings.write_text("config: {'tiny:objects': 1, 'tiny:chained': true}\n")
    assert world.up().ok
    before = world.objects()
    settings.write_text("config: {'tiny:objects': 1, 'tiny:chained': true, 'tiny:immutable': second}\n")
    world.kill_run_at(point, only_engine=True)
    assert world.pending() == ["creating"]
    outcome = world.up()
    assert outcome.ok, outcome.faults
    after = world.objects()
    assert len(after) == len(before) == 3, (before, after)
    assert len([name for name in after if "free" in name and name not in before]) == 1
    assert world.up().changes.total == 0


@pytest.mark.parametrize(
    "file", ["stacks/tiny/local.json.attrs", "stacks/tiny/local.json.bak.attrs", "meta.yaml.attrs"]
)
def test_attributes_that_a_kill_cut_short_do_not_stop_the_next_run(world: World, pouw_home: Path, file: str) -> None:
    assert world.up().ok
    attributes = pouw_home / "engine/backend/.pulumi" / file
    assert attributes.exists()
    attributes.write_bytes(b"")
    outcome = world.up()
    assert outcome.ok, outcome.faults
    assert outcome.changes.total == 0


def test_a_recovery_that_was_killed_is_repeated(world: World, pouw_home: Path) -> None:
    assert world.up().ok
    unread = pouw_home / "engine/stacks/tiny/local/unread.json"
    removed = world.cluster / world.objects()[0]
    urn = f"urn:pulumi:local::tiny::kubernetes:core/v1:ConfigMap::{removed.name.split('-')[0]}"
    removed.unlink()
    unread.write_text(json.dumps([urn, "urn:pulumi:local::tiny::kubernetes:core/v1:ConfigMap::never-there"]))
    outcome = world.up()
    assert outcome.ok, outcome.faults
    assert outcome.changes.create == 1, "the object that was removed is created again"
    assert not unread.exists()
