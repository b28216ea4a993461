"""Operations with the real engine, on programs that need no cluster."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from pouw.engine import operation, resolution
from pouw.engine.operation import Operation, Request
from pouw.engine.outcome import Changes, Conclusion, Outcome
from pouw.engine.project import Project
from pouw.engine.resolution import Engine, LocalMachine, Sources
from pouw.errors import ConfigurationError, EngineError, ExitCode
from pouw.home import Home
from pouw.progress import SilentProgress
from tests.engine.conftest import FakeNetwork, MakeProject
from tests.engine.programs import COMPONENTS, POLICY_PACK, SLOW

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("pouw_home")]

_DEADLINE_S = 30.0


def run(engine: Engine, project: Project, operation_name: str, **more: object) -> Outcome:
    request = Request(operation=Operation(operation_name), stack="local", **more)  # type: ignore[arg-type]  # passed on as given
    return operation.run(request, engine, SilentProgress(), project=project, home=Home.from_environment(os.environ))


def await_true(condition: Callable[[], bool], operation_name: str) -> None:
    deadline = time.monotonic() + _DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, f"in vain: {operation_name}"
        time.sleep(0.02)


def processes_of(root: Path) -> list[str]:
    """Command lines of processes that work in or for ``root``, by its path in their environment or directory."""
    pids = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        try:
            directory = (folder / "cwd").readlink()
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if directory.is_relative_to(root) and command:
            pids.append(command)
    return pids


@pytest.fixture
def start_run(engine: Engine) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """A function that starts a run in a process, which ends with the test."""
    processes: list[subprocess.Popen[str]] = []

    def start(project: Project, operation_name: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.engine.single_run", operation_name, str(project.root)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_up_then_nothing_to_do_then_destroy(engine: Engine, make_project: MakeProject) -> None:
    project = make_project(COMPONENTS, {"tiny:parts": 3, "tiny:said": "hello"})
    preview = run(engine, project, "preview")
    assert preview.changes == Changes(create=4), "three parts and the stack itself"
    created = run(engine, project, "up")
    assert (created.conclusion, created.changes) == (Conclusion.SUCCEEDED, Changes(create=4))
    assert created.outputs["said"] == "hello"
    assert run(engine, project, "up").changes == Changes(unchanged=4)
    removed = run(engine, project, "destroy")
    assert removed.changes == Changes(delete=4)
    assert [change.operation for change in removed.resources] == ["delete"] * 4


def test_a_program_error_is_printed_once_from_the_programs_first_frame(
    engine: Engine, make_project: MakeProject
) -> None:
    project = make_project(
        """
        def inner():
            raise ValueError("the reason")


        inner()
        """
    )
    outcome = run(engine, project, "preview")
    assert outcome.conclusion is Conclusion.FAILED
    (fault,) = outcome.faults
    assert fault.message.splitlines()[1].strip() == f'File "{project.root}/__main__.py", line 6, in <module>'
    assert fault.message.endswith("ValueError: the reason")
    assert "pouw/engine" not in fault.message
    assert "pulumi" not in fault.message


def test_an_error_in_an_apply_is_printed_once_with_the_programs_line(engine: Engine, make_project: MakeProject) -> None:
    project = make_project("import pulumi\npulumi.Output.from_input(0).apply(lambda n: 1 // n)\n")
    (fault,) = run(engine, project, "preview").faults
    assert "__main__.py" in fault.message
    assert fault.message.endswith("ZeroDivisionError: integer division or modulo by zero")
    assert "pulumi/output.py" not in fault.message


def test_a_program_may_define_its_own_providers(engine: Engine, make_project: MakeProject) -> None:
    project = make_project(
        """
        import pulumi
        from pulumi.dynamic import CreateResult, Resource, ResourceProvider


        class Adder(ResourceProvider):
            def create(self, props):
                return CreateResult("sum", {"sum": props["left"] + props["right"]})


        class Sum(Resource):
            sum: pulumi.Output[int]

            def __init__(self, name, left, right):
                super().__init__(Adder(), name, {"left": left, "right": right, "sum": None})


        pulumi.export("sum", Sum("sum", 2, 3).sum)
        """
    )
    outcome = run(engine, project, "up")
    assert outcome.ok, outcome.faults
    assert outcome.outputs == {"sum": 5}
    assert [change.type for change in outcome.resources] == ["pulumi:pulumi:Stack", "pulumi-python:dynamic:Resource"]


def test_a_run_error_prints_its_message_alone(engine: Engine, make_project: MakeProject) -> None:
    project = make_project("import pulumi\nraise pulumi.RunError('pouw:nodes: too many; got 9; expected at most 3')\n")
    (fault,) = run(engine, project, "preview").faults
    assert fault.message == "pouw:nodes: too many; got 9; expected at most 3"


def test_a_program_that_exits_is_a_fault_with_its_status(engine: Engine, make_project: MakeProject) -> None:
    (fault,) = run(engine, make_project("raise SystemExit(7)\n"), "preview").faults
    assert "exited with status 7" in fault.message


def test_a_refused_preview_takes_no_longer_than_an_accepted_one(engine: Engine, make_project: MakeProject) -> None:
    accepted = run(engine, make_project(COMPONENTS, {"tiny:parts": 1}, folder="good"), "preview")
    error = run(engine, make_project("raise ValueError('no')\n", folder="bad"), "preview")
    assert not error.ok
    assert error.seconds < accepted.seconds + 2.0, "the engine waits five seconds for a host that does not end"


def test_a_mandatory_policy_stops_the_run_with_its_own_code(
    engine: Engine, make_project: MakeProject, tmp_path: Path
) -> None:
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 0.1.0\n")
    (pack / "__main__.py").write_text(dedent(POLICY_PACK))
    fault = make_project(COMPONENTS, {"tiny:parts": 1}, folder="one")
    two = make_project(COMPONENTS, {"tiny:parts": 2}, folder="two")
    assert run(engine, fault, "preview", policy_packs=[pack]).ok
    error = run(engine, two, "preview", policy_packs=[pack])
    assert error.conclusion is Conclusion.REFUSED
    (violation,) = error.violations
    assert (violation.rule, violation.level) == ("no-second-part", "mandatory")
    assert violation.subject is not None
    assert violation.subject.name == "part1"
    assert error.faults == []


def test_the_repositorys_files_are_not_touched_and_secrets_are_encrypted(
    engine: Engine, make_project: MakeProject, pouw_home: Path
) -> None:
    project = make_project(COMPONENTS, {"tiny:parts": 1})
    before = {path.name: path.read_bytes() for path in project.root.iterdir()}
    secret = "horse-battery-staple"
    outcome = run(engine, project, "up", extra_config={"tiny:hidden": (secret, True), "tiny:said": ("added", False)})
    assert outcome.ok
    assert outcome.outputs == {"said": "added", "hidden": "[secret]"}
    assert {path.name: path.read_bytes() for path in project.root.iterdir() if path.is_file()} == before
    remaining = [path for path in pouw_home.rglob("*") if path.is_file()]
    assert [path for path in remaining if secret.encode() in path.read_bytes()] == []
    assert (pouw_home / "engine" / "passphrase").stat().st_mode & 0o077 == 0
    assert (
        operation.outputs("local", engine, project=project, secrets=True, home=Home.from_environment(os.environ))[
            "hidden"
        ]
        == secret
    )


def test_added_configuration_stays_until_it_is_given_again(engine: Engine, make_project: MakeProject) -> None:
    project = make_project(COMPONENTS, {"tiny:parts": 1})
    run(engine, project, "up", extra_config={"tiny:hidden": ("first", True), "tiny:said": ("one", False)})
    assert run(engine, project, "up").outputs["said"] == "one"
    assert (
        operation.outputs("local", engine, project=project, secrets=True, home=Home.from_environment(os.environ))[
            "hidden"
        ]
        == "first"
    )
    run(engine, project, "up", extra_config={"tiny:hidden": ("second", True)})
    assert operation.outputs(
        "local", engine, project=project, secrets=True, home=Home.from_environment(os.environ)
    ) == {"said": "one", "hidden": "second"}


def test_the_outputs_of_a_stack_that_was_never_brought_up_are_a_fault(
    engine: Engine, make_project: MakeProject
) -> None:
    with pytest.raises(EngineError) as raised:
        operation.outputs("local", engine, project=make_project(COMPONENTS), home=Home.from_environment(os.environ))
    (fault,) = raised.value.faults
    assert fault.message == "was never brought up"
    assert "pouw up local" in fault.remedy


def test_an_unknown_stack_is_refused_with_those_that_are_known(engine: Engine, make_project: MakeProject) -> None:
    project = make_project(COMPONENTS, {"tiny:parts": 1})
    with pytest.raises(ConfigurationError, match="no such stack; got 'lokal'; expected one of local") as error:
        operation.run(
            Request(operation=Operation.PREVIEW, stack="lokal"),
            engine,
            SilentProgress(),
            project=project,
            home=Home.from_environment(os.environ),
        )
    assert error.value.code is ExitCode.CONFIGURATION


def test_a_second_run_names_the_holder_of_the_stack(
    engine: Engine, make_project: MakeProject, start_run: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    marker = tmp_path / "begun"
    project = make_project(SLOW, {"tiny:begun": str(marker), "tiny:seconds": 60})
    first = start_run(project, "up")
    await_true(marker.exists, "the first run begins")
    with pytest.raises(EngineError, match=f"another run holds it; got up in process {first.pid} since") as error:
        run(engine, project, "preview")
    assert error.value.code is ExitCode.BUSY


def test_an_interrupt_ends_the_run_cleanly_and_leaves_no_process(
    engine: Engine, make_project: MakeProject, start_run: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    marker = tmp_path / "begun"
    project = make_project(SLOW, {"tiny:begun": str(marker), "tiny:seconds": 60})
    first = start_run(project, "up")
    await_true(marker.exists, "the run begins")
    first.send_signal(signal.SIGINT)
    output, complained = first.communicate(timeout=_DEADLINE_S)
    assert json.loads(output)["conclusion"] == Conclusion.INTERRUPTED
    assert "Traceback" not in complained + output
    assert processes_of(project.root) == []
    marker.unlink()
    follower = start_run(project, "up")
    await_true(marker.exists, "nothing of the interrupted run is in the way")
    follower.kill()


def test_a_killed_run_ends_engine_and_program_and_the_next_one_works(
    engine: Engine, make_project: MakeProject, start_run: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    marker = tmp_path / "begun"
    project = make_project(SLOW, {"tiny:begun": str(marker), "tiny:seconds": 60})
    first = start_run(project, "up")
    await_true(marker.exists, "the run begins")
    first.kill()
    await_true(lambda: processes_of(project.root) == [], "engine, host and program end")
    (project.root / "Pulumi.local.yaml").write_text(f"config: {{'tiny:begun': {marker}, 'tiny:seconds': 0}}\n")
    assert run(engine, project, "up").ok, "the backend's lock of the killed engine is not in the way"


def test_a_killed_engine_is_a_fault_and_leaves_no_process(
    engine: Engine,
    make_project: MakeProject,
    start_run: Callable[..., subprocess.Popen[str]],
    tmp_path: Path,
    pouw_home: Path,
) -> None:
    marker = tmp_path / "begun"
    project = make_project(SLOW, {"tiny:begun": str(marker), "tiny:seconds": 60})
    first = start_run(project, "up")
    await_true(marker.exists, "the run begins")
    holder = json.loads((pouw_home / "engine" / "locks" / "tiny.local.lock").read_text())
    os.kill(holder["child"], signal.SIGKILL)
    output, _ = first.communicate(timeout=_DEADLINE_S)
    assert json.loads(output)["conclusion"] == Conclusion.BROKEN
    await_true(lambda: processes_of(project.root) == [], "host and program end")


def test_a_damaged_state_is_repaired_from_its_backup(
    engine: Engine, make_project: MakeProject, pouw_home: Path
) -> None:
    project = make_project(COMPONENTS, {"tiny:parts": 2})
    run(engine, project, "up")
    state = pouw_home / "engine" / "backend" / ".pulumi" / "stacks" / "tiny" / "local.json"
    state.write_bytes(state.read_bytes()[:100])
    outcome = run(engine, project, "up")
    assert outcome.ok, outcome.faults
    assert run(engine, project, "up").changes == Changes(unchanged=3)


def test_an_engine_on_the_users_path_works_with_the_users_home(
    engine: Engine, make_project: MakeProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "usr" / "bin"
    shutil.copytree(engine.path.parent, programs, copy_function=os.link)
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "theirs"))
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    home = Home.from_environment(os.environ)
    sources = Sources(
        machine=LocalMachine(home=home), network=FakeNetwork(), builder=resolution.ModuleBuilder(home=home)
    )
    users_engine = resolution.resolve(SilentProgress(), home=home, sources=sources)
    assert (users_engine.kind, users_engine.version, users_engine.path) == (
        "official",
        engine.version,
        programs / "pulumi",
    )
    project = make_project(COMPONENTS, {"tiny:parts": 1})
    assert run(users_engine, project, "up").changes == Changes(create=2)
    assert run(engine, project, "preview").changes == Changes(unchanged=2), "another kind of engine continues the stack"
    assert (tmp_path / "theirs" / "logs").is_dir(), "the CLI writes to the home that the user gave it"
