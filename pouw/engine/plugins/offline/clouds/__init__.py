"""The clouds, one module each: what differs between them, as data."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from importlib import metadata
from typing import Final

from pouw.engine.plugins.offline.cloud import Cloud

MODULES: Final[Mapping[str, str]] = {
    "aws": "aws",
    "azure-native": "azure_native",
    "docker": "docker",
    "gcp": "gcp",
}
"""Packages that are served, and their modules here."""


def load(package: str) -> Cloud:
    """The cloud of a package; only its module is imported."""
    found: Cloud = importlib.import_module(f"{__name__}.{MODULES[package]}").CLOUD
    return found


def installed() -> Mapping[str, str]:
    """The packages whose SDK is installed, each with the SDK's version."""
    versions: dict[str, str] = {}
    for package in MODULES:
        try:
            versions[package] = metadata.version(f"pulumi-{package}")
        except metadata.PackageNotFoundError:
            continue  # an extra that was not asked for
    return versions
