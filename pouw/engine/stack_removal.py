"""Forgetting a stack whose resources are gone with their cluster: its state, configuration and secrets on this machine.

No engine is needed, so taking a network away works also where the engine itself has been removed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from pouw.engine import stack_lock
from pouw.engine.project import Project
from pouw.paths import state_dir


def forget(stack: str, project: Project | None = None) -> None:
    """Remove what our own backend holds of a stack; with the last stack goes the backend and its passphrase.

    Raises:
        EngineError: a run holds the stack (BUSY).
    """
    name = (project or Project()).name
    root = state_dir() / "engine"
    if not root.exists():
        return
    lock = root / "locks" / f"{name}.{stack}.lock"
    with stack_lock.hold(lock, stack=stack, operation="forget"):
        backend = root / "backend" / ".pulumi"
        for path in (backend / "stacks" / name).glob(f"{stack}.json*"):
            path.unlink()
        for folder in (
            root / "stacks" / name / stack,
            backend / "history" / name / stack,
            backend / "backups" / name / stack,
        ):
            shutil.rmtree(folder, ignore_errors=True)
        lock.unlink()
    if not _holds_stacks(backend):
        shutil.rmtree(root)


def _holds_stacks(backend: Path) -> bool:
    return any((backend / "stacks").rglob("*.json"))
