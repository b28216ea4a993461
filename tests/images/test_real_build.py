"""The real build, in a cache of its own, and what comes out of it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import haproxy
from pouw import images
from pouw.images import image_folder
from pouw.images.archive import read_config
from pouw.progress import SilentProgress
from tests.images import checkout

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

_READ_ONLY = (
    'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && mount -t proc proc "$0/proc" && exec chroot "$@"'
)
_DEADLINE_SECONDS = 60.0


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache whose slow parts, when the machine has them, are taken from its real one."""
    real = image_folder.folder()
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POUW_CACHE", str(folder))
        for path in (*real.glob("base-*.tar"), *real.glob("balancer-*.tar")):
            shutil.copy2(path, image_folder.folder())
        for path in real.glob("wheels-????????????????"):
            shutil.copytree(path, image_folder.folder() / path.name)
        yield folder


@pytest.fixture(scope="module")
def node(cache: Path) -> images.Image:
    return images.build(SilentProgress())


@pytest.fixture(scope="module")
def root(node: images.Image, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked(node.archive, tmp_path_factory.mktemp("node"))


def unpacked(archive: Path, folder: Path) -> Path:
    """Unpack the layers in order; ours remove nothing of one another. Every user may enter, as a runtime has it."""
    folder.chmod(0o755)
    with tarfile.open(archive) as whole:
        for member in whole.getmembers():
            if member.name.endswith(".tar"):
                with (
                    whole.extractfile(member) or pytest.fail(member.name) as content,
                    tarfile.open(fileobj=content) as layer,
                ):
                    layer.extractall(folder, filter="fully_trusted")  # noqa: S202 - our own archive, just built
    return folder


def run(root: Path, config: dict[str, object], *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as the image would: its user and environment, over a root that cannot be written."""
    environment = dict(entry.split("=", 1) for entry in config["Env"])  # type: ignore[attr-defined]  # JSON
    arguments = ["unshare", "--mount", "sh", "-c", _READ_ONLY, str(root), "--userspec=10001:10001", str(root), *command]
    environment["PATH"] = f"{environment['PATH']}:{os.environ['PATH']}"
    return subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=60, check=False)


def configuration(built: images.Image) -> dict[str, object]:
    found: dict[str, object] = read_config(built.archive)[1]["config"]
    return found


def test_the_image_says_how_it_runs(node: images.Image) -> None:
    config = configuration(node)
    assert config["User"] == "10001:10001"
    assert config["StopSignal"] == "SIGTERM"
    assert config["Entrypoint"] == ["pouw-node"]
    assert set(config["ExposedPorts"]) == {"8545/tcp", "8546/tcp", "30303/tcp"}  # type: ignore[call-overload]  # JSON
    assert "http://127.0.0.1:8545/health" in str(config["Healthcheck"])


def test_everything_a_node_needs_is_imported_over_a_read_only_root(node: images.Image, root: Path) -> None:
    program = (
        "import aiohttp, cryptography, numpy, prometheus_client, pydantic, sqlite3, ssl, uvloop, node; print('ok')"
    )
    done = run(root, configuration(node), "python3", "-W", "error", "-c", program)
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr


def test_the_program_answers_as_an_unprivileged_user(node: images.Image, root: Path) -> None:
    done = run(root, configuration(node), "pouw-node", "genesis")
    assert done.returncode == 0, done.stderr
    assert '"genesis": "0x' in done.stdout


def test_nothing_in_the_image_installs_compiles_or_gains_privilege(root: Path) -> None:
    names = {path.name for path in root.rglob("*") if path.is_file() and not path.is_symlink()}
    assert not names & {"pip", "pip3", "apt-get", "dpkg", "gcc", "cc", "ld", "su", "mount", "perl"}
    privileged = [path for path in root.rglob("*") if not path.is_symlink() and path.lstat().st_mode & 0o6000]
    assert not privileged
    packages = root / "opt/pouw/lib"
    assert not [name for name in ("pip", "sklearn", "scipy") if (packages / name).exists()]
    assert (root / "opt/pouw/datasets/digits.csv.gz").is_file()


def test_every_module_is_compiled_in_a_way_that_lost_times_do_not_undo(root: Path) -> None:
    for folder in ("opt/pouw/app", "opt/pouw/lib", "usr/lib/python3.11"):
        for compiled in (root / folder).rglob("*.pyc"):
            flags = int.from_bytes(compiled.read_bytes()[4:8], "little")
            assert flags == 1, f"{compiled.relative_to(root)} is not checked by hash alone"


def test_the_same_tree_is_not_built_twice(node: images.Image) -> None:
    again = images.build(SilentProgress())
    assert not again.built
    assert again.digest == node.digest


def test_a_killed_build_leaves_no_mount_and_no_process_and_the_next_one_succeeds(
    node: images.Image, cache: Path, tmp_path: Path
) -> None:
    tree = checkout.copy(tmp_path / "checkout")
    (tree / "node/extra.py").write_text('"""Makes this tree another one."""\n')
    program = (
        "import sys, pathlib; from pouw import image; from pouw.progress import SilentProgress; "
        "image.build(SilentProgress(), repository=pathlib.Path(sys.argv[1]))"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tree)]) as building:
        wait_for(lambda: bool(processes(cache)))
        building.send_signal(signal.SIGKILL)
    wait_for(lambda: not processes(cache))
    assert str(cache) not in Path("/proc/mounts").read_text()
    rebuilt = images.build(SilentProgress(), repository=tree)
    assert rebuilt.built
    assert rebuilt.digest != node.digest


def processes(cache: Path) -> list[str]:
    """Command lines of running builds that use this cache."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended
            continue
        if "buildah" in line and str(cache) in line:
            found.append(line)
    return found


def wait_for(condition: object) -> None:
    """Until it holds, within a bound."""
    assert callable(condition)
    until = time.monotonic() + _DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < until, "not within the deadline"
        time.sleep(0.02)


def test_the_balancer_accepts_the_configuration_that_it_gets(cache: Path, tmp_path: Path) -> None:
    built = images.build(SilentProgress(), kind="balancer")
    config = configuration(built)
    assert config["User"] == "10001:10001"
    root = unpacked(built.archive, tmp_path)
    (root / "etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
    backend = haproxy.Backend(service="pouw-blue-rpc.pouw-system.svc.cluster.local", max_nodes=4)
    for name, text in (("haproxy.cfg", haproxy.configuration(backend)), ("503.http", haproxy.unavailable_page())):
        (root / "etc/haproxy" / name).parent.mkdir(exist_ok=True)
        (root / "etc/haproxy" / name).write_text(text)
    done = run(root, config, "haproxy", "-c", "-f", "/etc/haproxy/haproxy.cfg")
    assert done.returncode == 0, done.stderr
