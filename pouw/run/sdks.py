"""SDKs that a stack's program imports. A missing one is reported before an engine starts."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator

from infra.clouds import CLOUDS
from infra.faults import Fault
from infra.settings.stack import NAMESPACE, Settings


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def faults(settings: Settings, installed: Callable[[str], bool] = _installed) -> Iterator[Fault]:
    """Yield a fault for each SDK that the stack needs and this Python does not have."""
    reported: set[str] = set()
    for index, site in enumerate(settings.sites):
        if site.cloud in CLOUDS and site.cloud not in reported:
            reported.add(site.cloud)
            cloud = CLOUDS[site.cloud]
            yield from _missing(f"{NAMESPACE}:sites[{index}].cloud", cloud.sdk, cloud.distribution, installed)
    builds_images = settings.images.node is None or settings.images.balancer is None
    if builds_images and settings.managed_sites:
        yield from _missing(f"{NAMESPACE}:images", "pulumi_docker", "pulumi-docker", installed)


def _missing(path: str, module: str, distribution: str, installed: Callable[[str], bool]) -> Iterator[Fault]:
    if not installed(module):
        yield Fault(
            path=path,
            message="its SDK is not installed",
            got=f"no module {module}",
            expected=distribution,
            remedy="`make clouds` installs the SDKs of all clouds, 900 MB",
        )
