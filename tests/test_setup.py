"""Steps of set-up print nothing when they work, and one line when they fail."""

from __future__ import annotations

import subprocess

import pytest

from pouw.paths import REPOSITORY


def attempt(script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script as a step."""
    command = [str(REPOSITORY / "tools" / "attempt"), "the installer", "sh", "-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_step_that_works_prints_nothing() -> None:
    result = attempt("echo noise; echo more >&2")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("output", "reason", "remedy"),
    [
        (
            "WARNING: Retrying: [Errno -3] Temporary failure in name resolution\nERROR: none",
            "name resolution",
            "mirror",
        ),
        ("error: Request failed\n  Caused by: dns error\n  Caused by: no address", "got dns error", "mirror"),
        ("OSError: [Errno 28] No space left on device", "got no space left on device", "free some space"),
    ],
)
def test_a_known_failure_is_one_line_with_its_remedy(output: str, reason: str, remedy: str) -> None:
    result = attempt(f"printf '{output}' >&2; exit 3")
    assert result.returncode == 1
    assert result.stderr.startswith("error: the installer: cannot be installed; got ")
    assert result.stderr.count("\n") == 1
    assert reason in result.stderr
    assert remedy in result.stderr


def test_any_other_failure_is_shown_with_its_output() -> None:
    result = attempt("echo first; echo second >&2; exit 3")
    assert result.returncode == 1
    assert result.stderr.startswith("first\nsecond\nerror: the installer: cannot be installed")
