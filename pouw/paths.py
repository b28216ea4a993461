"""The checkout, and the folders of the process's own environment until every caller passes a home."""

from __future__ import annotations

import os
from pathlib import Path

from pouw.home import Home

REPOSITORY = Path(__file__).resolve().parent.parent
"""The checkout: ``Pulumi.yaml``, ``stacks/`` and the Dockerfiles are here."""


def state_dir() -> Path:
    """Return the state folder of the process's own environment."""
    return Home.from_environment(os.environ).state


def cache_dir() -> Path:
    """Return the cache folder of the process's own environment."""
    return Home.from_environment(os.environ).cache
