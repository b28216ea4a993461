"""Seconds to check plain manifests with the Kubernetes rules, beside checkov on the same files.

    python -m bench.policy.manifests

The files are our own rendered objects. Each run is one process from start to end, as a pipeline would run it, and the
best of three counts. The floor is a process that starts Python and parses the same files with the same YAML loader.
checkov is installed once into its own virtual environment below the cache directory. Its findings are not compared:
the two tools judge different properties, and only manifests from a third party would be a fair corpus.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from pouw.home import Home
from pouw.paths import REPOSITORY
from tests.policies.kubernetes.rendered import rendered

CHECKOV = "3.3.13"
RUNS = 3
GOAL = 8.0
"""Maximum ratio of the check to the floor."""
_FLOOR = """
import pathlib, sys, yaml
for path in pathlib.Path(sys.argv[1]).glob("*.yaml"):
    list(yaml.load_all(path.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
"""


def install_checkov() -> Path:
    """Return the path of checkov, installed if necessary."""
    folder = Home.from_environment(os.environ).cache / "bench" / f"checkov-{CHECKOV}"
    program = folder / "bin" / "checkov"
    if not program.exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", f"checkov=={CHECKOV}"], check=True)
    return program


def measure(*command: str | Path, exit_codes: tuple[int, ...] = (0,)) -> float:
    """Return the best seconds of a command that must end with one of the exit codes."""
    best = float("inf")
    for _ in range(RUNS):
        start = time.perf_counter()
        process = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=REPOSITORY, env=_environment()
        )
        best = min(best, time.perf_counter() - start)
        if process.returncode not in exit_codes:
            raise SystemExit(f"{command[0]} failed; got exit code {process.returncode}: {process.stderr}")
    return best


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), "LOG_LEVEL": "ERROR"}


def main() -> int:
    """Measure and print; return 1 if the goal is missed or checkov is faster."""
    program = install_checkov()
    options = ("--framework", "kubernetes", "--output", "json", "--compact", "--quiet", "--skip-download")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "manifests.yaml").write_text(rendered())
        floor = measure(sys.executable, "-c", _FLOOR, folder)
        check = measure(sys.executable, "-m", "pouw.cli", "policy", "check", "--manifests", folder)
        checkov = measure(program, "--directory", folder, *options, exit_codes=(0, 1))
    ratio = check / floor
    print(f"check: {check:.2f} s, {ratio:.1f} times the floor of {floor:.2f} s (goal: at most {GOAL:g})")
    print(f"checkov {CHECKOV}: {checkov:.2f} s, {checkov / check:.1f} times the check (goal: more than 1)")
    return int(ratio > GOAL or check >= checkov)


if __name__ == "__main__":
    sys.exit(main())
