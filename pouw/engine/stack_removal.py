"""Removal of a stack whose resources went with their cluster: its state, configuration and secrets on this machine.

No engine is needed, so a network can be removed after the engine was.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from pouw.engine import stack_lock
from pouw.engine.project import Project
from pouw.home import Home


def forget(stack: str, *, home: Home, project: Project | None = None) -> None:
    """Remove a stack from the local backend. The last stack takes the backend and its passphrase with it.

    Raises:
        EngineError: a run holds the stack (BUSY).
    """
    name = (project or Project()).name
    root = home.state / "engine"
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
