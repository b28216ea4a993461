"""The SDKs that a stack's program imports: told before an engine starts when one is not installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Mapping

from infra.faults import Fault
from infra.settings.stack import NAMESPACE, Settings

SDKS: Mapping[str, tuple[str, str]] = {
    "aws": ("pulumi_aws", "pulumi-aws"),
    "azure": ("pulumi_azure_native", "pulumi-azure-native"),
    "gcp": ("pulumi_gcp", "pulumi-gcp"),
}
"""Module and distribution of each cloud's SDK."""
_IMAGES = ("pulumi_docker", "pulumi-docker")


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def faults(settings: Settings, installed: Callable[[str], bool] = _installed) -> Iterator[Fault]:
    """A fault for each SDK that the stack needs and this Python has not."""
    told: set[str] = set()
    for index, site in enumerate(settings.sites):
        if site.cloud in SDKS and site.cloud not in told:
            told.add(site.cloud)
            yield from _missing(f"{NAMESPACE}:sites[{index}].cloud", *SDKS[site.cloud], installed)
    built = settings.images.node is None or settings.images.balancer is None
    if built and any(site.managed for site in settings.sites):
        yield from _missing(f"{NAMESPACE}:images", *_IMAGES, installed)


def _missing(path: str, module: str, distribution: str, installed: Callable[[str], bool]) -> Iterator[Fault]:
    if not installed(module):
        yield Fault(
            path=path,
            message="its SDK is not installed",
            got=f"no module {module}",
            expected=distribution,
            remedy="`make clouds` installs the SDKs of all clouds, 900 MB",
        )
