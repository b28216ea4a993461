"""The clouds, one module per cloud: their differences as data."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from importlib import metadata
from typing import Final

from infra.clouds import CLOUDS
from pouw.engine.plugins.offline.cloud_description import Cloud

MODULES: Final[Mapping[str, str]] = {
    package: package.replace("-", "_") for package in (*(cloud.package for cloud in CLOUDS.values()), "docker")
}
"""Provider packages with their modules in this folder."""


def load(package: str) -> Cloud:
    """Return the cloud of a package. Only its module is imported."""
    cloud: Cloud = importlib.import_module(f"{__name__}.{MODULES[package]}").CLOUD
    return cloud


def installed() -> Mapping[str, str]:
    """Return the packages whose SDK is installed, with the version of the SDK."""
    versions: dict[str, str] = {}
    for package in MODULES:
        try:
            versions[package] = metadata.version(f"pulumi-{package}")
        except metadata.PackageNotFoundError:
            continue  # an extra that is not installed
    return versions
