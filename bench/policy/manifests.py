"""The Kubernetes rules over plain manifests, beside checkov: seconds, and what each finds.

    python -m bench.policy.manifests

Both read the same two folders: our own objects, rendered, and the planted violations of the tests. Each run is a
process of its own, start to end, as a pipeline would run it; the best of three counts. checkov is installed once, into
a virtual environment of its own below the cache directory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

from pouw import paths
from tests.policies.kubernetes.rendered import rendered
from tests.policies.stacks import file_of

CHECKOV = "3.3.13"
RUNS = 3


def checkov() -> Path:
    """The program, installed if it is not there."""
    folder = paths.cache_dir() / "bench" / f"checkov-{CHECKOV}"
    program = folder / "bin" / "checkov"
    if not program.exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", f"checkov=={CHECKOV}"], check=True)
    return program


def run(*command: str | Path) -> tuple[float, Any]:
    """Best seconds of a command, and the JSON that it printed. Findings make it end with a code of its own."""
    best = float("inf")
    for _ in range(RUNS):
        started = time.perf_counter()
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=paths.REPOSITORY, env=_environment()
        )
        best = min(best, time.perf_counter() - started)
    try:
        return best, json.loads(done.stdout)
    except json.JSONDecodeError as error:
        raise SystemExit(f"{command[0]} printed no JSON: {done.stderr or done.stdout}") from error


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(paths.REPOSITORY), "LOG_LEVEL": "ERROR"}


def ours(folder: Path) -> tuple[float, int, int]:
    """Seconds, findings, and kinds of findings of our rules."""
    seconds, printed = run(sys.executable, "-m", "pouw.cli", "policy", "check", "--manifests", folder, "--json")
    rules = [one["rule"] for one in printed["policy"]["violations"]]
    return seconds, len(rules), len(set(rules))


def theirs(program: Path, folder: Path) -> tuple[float, int, int]:
    """The same of checkov."""
    options = ("--framework", "kubernetes", "--output", "json", "--compact", "--quiet", "--skip-download")
    seconds, printed = run(program, "--directory", folder, *options)
    failed = [one["check_id"] for one in printed.get("results", {}).get("failed_checks", ())]
    return seconds, len(failed), len(set(failed))


def main() -> int:
    """Measure and print; 1 if ours is the slower."""
    program, slower = checkov(), False
    with tempfile.TemporaryDirectory() as place:
        for name, text in (("our own", rendered()), ("planted", file_of("planted", "kubernetes").read_text())):
            folder = Path(place, name.replace(" ", "-"))
            folder.mkdir()
            (folder / "manifests.yaml").write_text(text)
            mine, other = ours(folder), theirs(program, folder)
            slower |= mine[0] >= other[0]
            print(f"{name}: {mine[0]:.2f} s, {mine[1]} findings of {mine[2]} rules; "
                  f"checkov {CHECKOV}: {other[0]:.2f} s, {other[1]} findings of {other[2]} checks; "
                  f"ratio {other[0] / mine[0]:.1f}")  # fmt: skip
    return int(slower)


if __name__ == "__main__":
    sys.exit(main())
