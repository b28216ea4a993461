"""The checkout."""

from __future__ import annotations

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
"""The checkout: ``Pulumi.yaml``, ``stacks/`` and the Dockerfiles are here."""
