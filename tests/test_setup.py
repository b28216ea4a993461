"""A step of set-up: silent when it works, one line when it does not."""

from __future__ import annotations

import subprocess

import pytest

from pouw.paths import REPOSITORY


def attempt(script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script as a step."""
    command = [str(REPOSITORY / "tools" / "attempt"), "the installer", "sh", "-c", script]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_step_that_works_says_nothing() -> None:
    done = attempt("echo noise; echo more >&2")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("said", "reason", "remedy"),
    [
        (
            "WARNING: Retrying: [Errno -3] Temporary failure in name resolution\nERROR: none",
            "name resolution",
            "mirror",
        ),
        ("error: Request failed\n  Caused by: dns error\n  Caused by: no address", "got dns error", "mirror"),
        ("OSError: [Errno 28] No space left on device", "got no space left on device", "make room"),
    ],
)
def test_a_known_failure_is_one_line_with_its_remedy(said: str, reason: str, remedy: str) -> None:
    done = attempt(f"printf '{said}' >&2; exit 3")
    assert done.returncode == 1
    assert done.stderr.startswith("error: the installer: cannot be set up; got ")
    assert done.stderr.count("\n") == 1
    assert reason in done.stderr
    assert remedy in done.stderr


def test_any_other_failure_is_shown_whole() -> None:
    done = attempt("echo first; echo second >&2; exit 3")
    assert done.returncode == 1
    assert done.stderr.startswith("first\nsecond\nerror: the installer: cannot be set up")
