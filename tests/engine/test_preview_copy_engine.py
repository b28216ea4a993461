"""Previews work on copies: they write nothing, block no run and need no secret."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pouw.engine import operation, preview_copy, stack_lock
from pouw.engine.operation import Operation, Request
from pouw.engine.outcome import Changes, Conclusion, Outcome
from pouw.engine.process import Halt
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.engine.session import lock_file
from pouw.errors import EngineError, ExitCode
from pouw.home import Home
from pouw.progress import SilentProgress
from tests.engine.conftest import MakeProject
from tests.engine.programs import COMPONENTS, SLOW
from tests.engine.test_operation_engine import await_true

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("pouw_home")]


def run(engine: Engine, project: Project, operation_name: str, stack: str = "local", **more: object) -> Outcome:
    request = Request(operation=Operation(operation_name), stack=stack, **more)  # type: ignore[arg-type]  # passed on as given
    return operation.run(request, engine, SilentProgress(), project=project, home=Home.from_environment(os.environ))


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_key_is_what_the_engine_derives() -> None:
    derived = hashlib.pbkdf2_hmac("sha256", preview_copy.PASSPHRASE.encode(), preview_copy.SALT, 1_000_000, 32)
    assert derived == preview_copy.KEY


def test_a_preview_of_a_stack_that_was_never_made_writes_nothing(
    engine: Engine, make_project: MakeProject, pouw_home: Path
) -> None:
    project = make_project(COMPONENTS, {"tiny:parts": 2})
    before = files(project.root)
    outcome = run(engine, project, "preview", extra_config={"tiny:hidden": ("horse-battery", True)})
    assert outcome.changes == Changes(create=3)
    assert not pouw_home.exists(), "no state, no passphrase, no lock"
    assert {name: text for name, text in files(project.root).items() if "__pycache__" not in name} == before


def test_encrypted_values_of_a_new_stack_need_no_passphrase(engine: Engine, make_project: MakeProject) -> None:
    project = make_project(COMPONENTS, {"tiny:parts": 1})
    (project.root / "Pulumi.local.yaml").write_text(
        "encryptionsalt: v1:VSJSzlOVjBA=:v1:lhLFIFO6Id5dL+zF:5Qw/CQZIT0CMrKHqWEbRXpOkoBX6UQ==\n"
        "config:\n  tiny:parts: 1\n  tiny:hidden:\n    secure: v1:cannot:beread\n"
    )
    outcome = run(engine, project, "preview")
    assert outcome.ok, outcome.faults
    assert outcome.outputs["hidden"] == "[secret]", "it is still a secret to the program"
    with pytest.raises(EngineError, match="passphrase that is not set"):
        run(engine, project, "up")


def test_a_preview_of_an_existing_stack_compares_with_its_state(
    engine: Engine, make_project: MakeProject, pouw_home: Path
) -> None:
    project = make_project(COMPONENTS, {"tiny:parts": 2})
    secret = {"tiny:hidden": ("horse", True)}
    run(engine, project, "up", extra_config=secret)
    before = files(pouw_home)
    assert run(engine, project, "preview", extra_config=secret).changes == Changes(unchanged=3)
    settings = run(engine, project, "preview", extra_config={"tiny:parts": (1, False), "tiny:said": ("new", False)})
    assert settings.changes == Changes(delete=1, unchanged=2)
    assert files(pouw_home) == before


def test_previews_of_one_stack_run_side_by_side(engine: Engine, make_project: MakeProject) -> None:
    project = make_project(COMPONENTS, {"tiny:parts": 1})
    run(engine, project, "up")
    with ThreadPoolExecutor(2) as workers:
        outcome = list(workers.map(lambda _: run(engine, project, "preview"), range(2)))
    assert [one.changes for one in outcome] == [Changes(unchanged=2)] * 2


def test_a_preview_under_way_keeps_no_run_waiting(engine: Engine, make_project: MakeProject, tmp_path: Path) -> None:
    marker = tmp_path / "begun"
    project = make_project(COMPONENTS, {"tiny:parts": 1})
    run(engine, project, "up")
    (project.root / "__main__.py").write_text("\n".join(line[4:] for line in SLOW.splitlines()))
    slow = {"tiny:begun": (str(marker), False), "tiny:seconds": (60, False)}
    halt = Halt()
    with ThreadPoolExecutor(1) as workers:
        looking = workers.submit(run, engine, project, "preview", extra_config=slow, halt=halt)
        await_true(marker.exists, "the preview begins")
        assert run(engine, project, "refresh").ok
        halt.ask()
        assert looking.result().conclusion is Conclusion.INTERRUPTED


def test_what_begins_after_a_halt_was_asked_for_ends_at_once(engine: Engine, make_project: MakeProject) -> None:
    halt = Halt()
    halt.ask()
    project = make_project(SLOW, {"tiny:begun": "/dev/null", "tiny:seconds": 60})
    with ThreadPoolExecutor(1) as workers:
        assert workers.submit(run, engine, project, "preview", halt=halt).result().conclusion is Conclusion.INTERRUPTED


def test_a_preview_shows_what_follows_a_killed_run_and_leaves_its_traces(
    engine: Engine, make_project: MakeProject, pouw_home: Path
) -> None:
    project = make_project(COMPONENTS, {"tiny:parts": 1})
    run(engine, project, "up")
    state = pouw_home / "engine" / "backend" / ".pulumi" / "stacks" / "tiny" / "local.json"
    content = json.loads(state.read_text())
    resource = {"urn": "urn:pulumi:local::tiny::other:x:Y::made", "type": "other:x:Y", "custom": True}
    content["checkpoint"]["latest"]["pending_operations"] = [{"resource": resource, "type": "creating"}]
    state.write_text(json.dumps(content))
    before = files(pouw_home)
    assert run(engine, project, "preview").changes == Changes(unchanged=2)
    assert files(pouw_home) == before


def test_an_example_has_no_state_even_if_a_stack_has_its_name(
    engine: Engine, make_project: MakeProject, tmp_path: Path
) -> None:
    project = make_project(COMPONENTS, {"tiny:parts": 1})
    run(engine, project, "up")
    examples = tmp_path / "examples"
    examples.mkdir()
    (examples / "Pulumi.local.yaml").write_text("config: {'tiny:parts': 4}\n")
    outcome = run(engine, Project(root=project.root, examples=examples), "preview")
    assert outcome.changes == Changes(create=5)


def test_a_preview_names_the_run_that_changes_the_stack(make_project: MakeProject, engine: Engine) -> None:
    project = make_project(COMPONENTS, {"tiny:parts": 1})
    run(engine, project, "up")
    with (
        stack_lock.hold(lock_file(project, "local", Home.from_environment(os.environ)), stack="local", operation="up"),
        pytest.raises(EngineError, match="another run holds it; got up in process") as error,
    ):
        run(engine, project, "preview")
    assert error.value.code is ExitCode.BUSY


def test_readers_share_the_lock_and_a_run_waits_for_them(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    entered = threading.Event()
    leave = threading.Event()

    def read() -> None:
        with stack_lock.share(path, stack="local"):
            entered.set()
            leave.wait(10)

    reader = threading.Thread(target=read)
    reader.start()
    entered.wait(10)
    with stack_lock.share(path, stack="local"):
        pass
    threading.Timer(0.2, leave.set).start()
    with stack_lock.hold(path, stack="local", operation="up") as lock:
        assert leave.is_set()
        assert lock.killed is None, "readers leave nothing that looks like a killed run"
    reader.join()
