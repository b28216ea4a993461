"""The SDKs that a stack's program imports, checked before an engine starts."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator

from infra.clouds import CLOUDS
from infra.faults import Fault
from infra.settings.stack import NAMESPACE, Settings

_DOCKER = ("pulumi_docker", "pulumi-docker")


def _is_installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def faults(settings: Settings, is_installed: Callable[[str], bool] = _is_installed) -> Iterator[Fault]:
    """Yield a fault for each SDK that the stack needs and that this Python environment lacks."""
    reported: set[str] = set()
    for index, site in enumerate(settings.sites):
        if site.cloud in CLOUDS and site.cloud not in reported:
            reported.add(site.cloud)
            cloud = CLOUDS[site.cloud]
            yield from _faults(f"{NAMESPACE}:sites[{index}].cloud", cloud.sdk, cloud.distribution, is_installed)
    builds_images = settings.images.node is None or settings.images.balancer is None
    if builds_images and settings.managed_sites:
        yield from _faults(f"{NAMESPACE}:images", *_DOCKER, is_installed)


def _faults(path: str, module: str, distribution: str, is_installed: Callable[[str], bool]) -> Iterator[Fault]:
    if not is_installed(module):
        yield Fault(
            path=path,
            message="its SDK is not installed",
            got=f"no module {module}",
            expected=distribution,
            remedy="`make clouds` installs the SDKs of all clouds, 900 MB",
        )
