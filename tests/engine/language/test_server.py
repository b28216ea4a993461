"""The language host as a process, spoken to as the engine does: over gRPC, through its pipes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

_DEADLINE_S = 20.0


@dataclass(frozen=True, kw_only=True)
class Host:
    process: subprocess.Popen[bytes]
    stub: language_pb2_grpc.LanguageRuntimeStub


@pytest.fixture
def host() -> Iterator[Host]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "pouw.engine.language", "-v=3", "127.0.0.1:1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        process_group=0,
    )
    assert process.stdout is not None
    port = int(process.stdout.readline())
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield Host(process=process, stub=language_pb2_grpc.LanguageRuntimeStub(channel))
    process.kill()
    process.communicate()


def info(folder: Path, entry: str = ".") -> language_pb2.ProgramInfo:
    return language_pb2.ProgramInfo(root_directory=str(folder), program_directory=str(folder), entry_point=entry)


def plugin(host: Host, folder: Path, text: str) -> tuple[bytes, bytes, int]:
    (folder / "__main__.py").write_text(text)
    request = language_pb2.RunPluginRequest(
        pwd=str(folder),
        args=["one", "two"],
        info=info(folder),
        kind="resource",
        env=[f"PATH={os.environ['PATH']}", "A=b=c"],
    )
    out, err, code = b"", b"", -1
    for answer in host.stub.RunPlugin(request):
        which = answer.WhichOneof("output")
        out += answer.stdout if which == "stdout" else b""
        err += answer.stderr if which == "stderr" else b""
        code = answer.exitcode if which == "exitcode" else code
    return out, err, code


def test_it_says_what_it_is_and_has(host: Host, tmp_path: Path) -> None:
    assert host.stub.GetPluginInfo(Empty()).version.startswith("3.")
    assert host.stub.About(language_pb2.AboutRequest(info=info(tmp_path))).executable == sys.executable
    host.stub.Handshake(language_pb2.LanguageHandshakeRequest(engine_address="127.0.0.1:1"))
    assert list(host.stub.RuntimeOptionsPrompts(language_pb2.RuntimeOptionsRequest()).prompts) == []
    packages = host.stub.GetRequiredPackages(language_pb2.GetRequiredPackagesRequest(info=info(tmp_path))).packages
    assert ("kubernetes", "resource") in [(one.name, one.kind) for one in packages]
    plugins = host.stub.GetRequiredPlugins(language_pb2.GetRequiredPluginsRequest(info=info(tmp_path))).plugins
    assert [one.name for one in plugins] == [one.name for one in packages]
    request = language_pb2.GetProgramDependenciesRequest(info=info(tmp_path))
    assert "pulumi" in [one.name for one in host.stub.GetProgramDependencies(request).dependencies]
    host.stub.Cancel(Empty())


def test_a_plugin_is_streamed_and_ends_with_its_status(host: Host, tmp_path: Path) -> None:
    text = "import os, sys\nprint(sys.argv[1:], os.environ['A'])\nprint('oh', file=sys.stderr)\nsys.exit(3)\n"
    assert plugin(host, tmp_path, text) == (b"['one', 'two'] b=c\n", b"oh\n", 3)


def test_large_output_arrives_whole(host: Host, tmp_path: Path) -> None:
    out, _, code = plugin(host, tmp_path, "import sys\nsys.stdout.write('x' * 3_000_000)\n")
    assert (len(out), code) == (3_000_000, 0)


def test_a_cancelled_plugin_is_ended(host: Host, tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)\n")
    request = language_pb2.RunPluginRequest(pwd=str(tmp_path), info=info(tmp_path), kind="resource")
    call = host.stub.RunPlugin(request)
    pid = int(next(call).stdout)
    call.cancel()
    assert_ends(pid)


def test_a_missing_virtual_environment_is_a_plain_error(host: Host, tmp_path: Path) -> None:
    expected = info(tmp_path)
    expected.options.update({"virtualenv": "gone"})
    with pytest.raises(grpc.RpcError) as error:
        host.stub.About(language_pb2.AboutRequest(info=expected))
    assert "holds no bin/python" in str(error.value.details())


@pytest.mark.parametrize("end", ["pipe", "interrupt", "termination"])
def test_the_host_and_its_plugins_end_with_the_engine(host: Host, tmp_path: Path, end: str) -> None:
    (tmp_path / "__main__.py").write_text("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)\n")
    call = host.stub.RunPlugin(language_pb2.RunPluginRequest(pwd=str(tmp_path), info=info(tmp_path), kind="resource"))
    pid = int(next(call).stdout)
    start = time.monotonic()
    if end == "pipe":
        assert host.process.stdin is not None
        host.process.stdin.close()
    else:
        os.killpg(host.process.pid, signal.SIGINT if end == "interrupt" else signal.SIGTERM)
    host.process.wait(_DEADLINE_S)
    assert time.monotonic() - start < 1.0
    assert_ends(pid)
    assert host.process.stderr is not None
    assert b"Traceback" not in host.process.stderr.read()
    if end == "pipe":
        host.process.stdin = None


def test_a_killed_host_takes_its_programs_along(host: Host, tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text("import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(60)\n")
    call = host.stub.RunPlugin(language_pb2.RunPluginRequest(pwd=str(tmp_path), info=info(tmp_path), kind="resource"))
    pid = int(next(call).stdout)
    host.process.kill()
    assert_ends(pid)


def assert_ends(pid: int) -> None:
    from pouw.engine.process_identity import is_running

    deadline = time.monotonic() + _DEADLINE_S
    while is_running(pid):
        assert time.monotonic() < deadline, f"process {pid} still runs"
        time.sleep(0.01)
