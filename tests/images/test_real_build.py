"""The real build, in a cache of its own, and its images."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.kubernetes import balancer
from infra.slots import Slot
from pouw import images, poll
from pouw.home import Home
from pouw.images import Kind, image_folder
from pouw.images.archive import read_config
from pouw.progress import SilentProgress
from tests.images import checkout

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

_READ_ONLY = (
    'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && mount -t proc proc "$0/proc" && exec chroot "$@"'
)
_DEADLINE_SECONDS = 60.0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Return a home with a cache of its own, into which the slow parts of the machine's cache are copied."""
    machine = image_folder.folder(Home.from_environment(os.environ))
    home = Home.from_environment({**os.environ, "POUW_CACHE": str(tmp_path_factory.mktemp("cache"))})
    for path in (*machine.glob("base-*.tar"), *machine.glob("balancer-*.tar")):
        shutil.copy2(path, image_folder.folder(home))
    for path in machine.glob("wheels-????????????????"):
        shutil.copytree(path, image_folder.folder(home) / path.name)
    return home


@pytest.fixture(scope="module")
def node(home: Home) -> images.Image:
    return images.build(SilentProgress(), home=home)


@pytest.fixture(scope="module")
def root(node: images.Image, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpacked(node.archive, tmp_path_factory.mktemp("node"))


def unpacked(archive: Path, folder: Path) -> Path:
    """Unpack the layers in order; none removes a file of another. Every user may enter, as in a container."""
    folder.chmod(0o755)
    with tarfile.open(archive) as image:
        for member in image.getmembers():
            if member.name.endswith(".tar"):
                with (
                    image.extractfile(member) or pytest.fail(member.name) as content,
                    tarfile.open(fileobj=content) as layer,
                ):
                    layer.extractall(folder, filter="fully_trusted")  # noqa: S202 - our own archive, just built
    return folder


def run(root: Path, config: dict[str, object], *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command with the image's user and environment, over a read-only root."""
    environment = dict(entry.split("=", 1) for entry in config["Env"])  # type: ignore[attr-defined]  # JSON
    arguments = ["unshare", "--mount", "sh", "-c", _READ_ONLY, str(root), "--userspec=10001:10001", str(root), *command]
    environment["PATH"] = f"{environment['PATH']}:{os.environ['PATH']}"
    return subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=60, check=False)


def configuration(image: images.Image) -> dict[str, object]:
    config: dict[str, object] = read_config(image.archive)[1]["config"]
    return config


def test_the_image_declares_user_ports_and_health_check(node: images.Image) -> None:
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
    result = run(root, configuration(node), "python3", "-W", "error", "-c", program)
    assert (result.returncode, result.stdout) == (0, "ok\n"), result.stderr


def test_the_program_answers_as_an_unprivileged_user(node: images.Image, root: Path) -> None:
    result = run(root, configuration(node), "pouw-node", "genesis")
    assert result.returncode == 0, result.stderr
    assert '"genesis": "0x' in result.stdout


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


def test_the_same_tree_is_not_built_twice(node: images.Image, home: Home) -> None:
    again = images.build(SilentProgress(), home=home)
    assert not again.is_new
    assert again.digest == node.digest


def test_a_killed_build_leaves_no_process_and_the_next_one_succeeds(
    node: images.Image, home: Home, tmp_path: Path
) -> None:
    tree = checkout.copy(tmp_path / "checkout")
    (tree / "node/extra.py").write_text('"""Makes this tree another one."""\n')
    program = (
        "import os, sys, pathlib; from pouw import images; from pouw.home import Home; "
        "from pouw.progress import SilentProgress; "
        "images.build(SilentProgress(), home=Home.from_environment(os.environ), repository=pathlib.Path(sys.argv[1]))"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tree)], env=dict(home.environment)) as building:
        wait_for(lambda: bool(processes(home.cache)))
        building.send_signal(signal.SIGKILL)
    wait_for(lambda: not processes(home.cache))
    assert str(home.cache) not in Path("/proc/mounts").read_text()
    rebuilt = images.build(SilentProgress(), home=home, repository=tree)
    assert rebuilt.is_new
    assert rebuilt.digest != node.digest


def processes(cache: Path) -> list[str]:
    """Return the command lines of running builds that use this cache."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # it has ended
            continue
        if "buildah" in line and str(cache) in line:
            lines.append(line)
    return lines


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until a condition is true, within a bound."""
    assert poll.until(condition, seconds=_DEADLINE_SECONDS, interval_seconds=0.02), "not within the deadline"


def test_the_balancer_accepts_the_configuration_that_it_gets(home: Home, tmp_path: Path) -> None:
    image = images.build(SilentProgress(), home=home, kind=Kind.BALANCER)
    config = configuration(image)
    assert config["User"] == "10001:10001"
    root = unpacked(image.archive, tmp_path)
    (root / "etc/resolv.conf").write_text("nameserver 127.0.0.1\n")
    slot = Slot(name="blue", active=True, weight=100)
    for name, text in balancer.configuration_files([slot], max_nodes=4).items():
        (root / "etc/haproxy" / name).parent.mkdir(exist_ok=True)
        (root / "etc/haproxy" / name).write_text(text)
    result = run(root, config, "haproxy", "-c", "-f", "/etc/haproxy/haproxy.cfg")
    assert result.returncode == 0, result.stderr
