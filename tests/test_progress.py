"""Progress as a log shows it."""

from __future__ import annotations

import io

import pytest

from pouw.progress import LineProgress


def test_a_finished_step_leaves_one_line_with_its_time() -> None:
    out = io.StringIO()
    with LineProgress(out).step("Building kube") as step:
        step.update("package", completed=1, total=2)
    [line] = out.getvalue().splitlines()
    assert line.startswith("  Building kube: ")
    assert line.endswith(" s")


def test_a_failed_step_is_reported_and_raises_its_error() -> None:
    out = io.StringIO()
    with pytest.raises(ValueError, match="broken"), LineProgress(out).step("Building"):
        raise ValueError("broken")
    assert "Building: failed after" in out.getvalue()
