"""Forgetting a stack on this machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pouw.engine.stack_removal import forget
from pouw.home import Home


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory with two stacks of the project."""
    monkeypatch.setenv("POUW_HOME", str(tmp_path / "home"))
    root = tmp_path / "home" / "engine"
    for stack in ("local", "other"):
        for path in (
            root / "backend/.pulumi/stacks/pouw" / f"{stack}.json",
            root / "backend/.pulumi/stacks/pouw" / f"{stack}.json.bak",
            root / "backend/.pulumi/history/pouw" / stack / "one.history.json",
            root / "stacks/pouw" / stack / "config.yaml",
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{}")
    (root / "passphrase").write_text("secret")
    return root


def test_one_stack_goes_and_the_other_stays(state: Path) -> None:
    forget("local", home=Home.from_environment(os.environ))
    remaining = {str(path.relative_to(state)) for path in state.rglob("*") if path.is_file()}
    assert not any("local" in path for path in remaining)
    assert "backend/.pulumi/stacks/pouw/other.json" in remaining
    assert "passphrase" in remaining


def test_the_last_stack_takes_the_backend_and_the_passphrase_with_it(state: Path) -> None:
    forget("local", home=Home.from_environment(os.environ))
    forget("other", home=Home.from_environment(os.environ))
    assert not state.exists()


def test_forgetting_twice_is_no_error(state: Path) -> None:
    forget("local", home=Home.from_environment(os.environ))
    forget("local", home=Home.from_environment(os.environ))
    assert state.exists()


def test_forgetting_where_nothing_is_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POUW_HOME", str(tmp_path / "home"))
    forget("local", home=Home.from_environment(os.environ))
    assert not (tmp_path / "home").exists()
