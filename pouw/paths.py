"""Where pouw keeps what it makes. Two roots: state (lost = a new network) and cache (lost = a slower next run)."""

from __future__ import annotations

import os
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
"""The checkout: ``Pulumi.yaml``, ``stacks/`` and the Dockerfiles stand here."""


def state_dir() -> Path:
    """``$POUW_HOME``, or ``pouw`` below the user's XDG state directory. Backend, keys, kubeconfig, cluster data."""
    return _root("POUW_HOME", "XDG_STATE_HOME", ".local/state")


def cache_dir() -> Path:
    """``$POUW_CACHE``, or ``pouw`` below the user's XDG cache directory. Built programs, images, wheels."""
    return _root("POUW_CACHE", "XDG_CACHE_HOME", ".cache")


def _root(own: str, xdg: str, default: str) -> Path:
    if value := os.environ.get(own):
        return Path(value).expanduser().resolve()
    base = os.environ.get(xdg)
    return (Path(base).expanduser() if base else Path.home() / default) / "pouw"
