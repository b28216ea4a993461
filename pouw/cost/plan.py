"""The resources of a plan as prices see them: type, inputs, region and site, before the run and after it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.clouds import CLOUDS
from infra.settings.site import ManagedSite
from infra.settings.stack import Site
from pouw.engine.events import StepStarted, Subject

_VERSIONED = re.compile(r"/v\d{8}(preview)?")
_ZONE = re.compile(r"^(?P<region>[a-z]+-[a-z]+\d+)-[a-z]$")
_UNKNOWN = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
"""A value that the engine does not know yet; it writes a fixed UUID for each type."""
_PROVIDER = "pulumi:providers:"


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource at one time."""

    urn: str
    type: str
    """Without an API version in it."""
    name: str
    inputs: Mapping[str, Any]
    parent: str
    cloud: str
    """Of whoever charges for it; empty if nobody that the table knows does."""
    region: str
    site: str
    """Name of the site that it belongs to; empty where it belongs to the stack."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What there is before a run and what there will be after it."""

    before: Sequence[Resource]
    after: Sequence[Resource]
    touched: frozenset[str]
    """URNs of resources that do not stay as they are."""


def of(steps: Sequence[StepStarted], sites: Sequence[Site]) -> Plan:
    """The plan that the steps of a run make, without components and providers: nobody charges for them."""
    reader = _Reader(steps, sites)
    charged = [step for step in steps if step.provider and step.operation not in ("read", "refresh")]
    return Plan(
        before=tuple(reader.resources(charged, after=False)),
        after=tuple(reader.resources(charged, after=True)),
        touched=frozenset(step.subject.urn for step in charged if step.operation != "same"),
    )


class _Reader:
    def __init__(self, steps: Sequence[StepStarted], sites: Sequence[Site]) -> None:
        self._sites = {site.name: site for site in sites}
        self._parents = {step.subject.urn: step.parent for step in steps}
        self._providers = {
            step.subject.urn: step.after or step.before or {}
            for step in steps
            if step.subject.type.startswith(_PROVIDER)
        }

    def resources(self, steps: Iterable[StepStarted], *, after: bool) -> Iterator[Resource]:
        for step in steps:
            inputs = step.after if after else step.before
            if inputs is None:
                continue
            token = _VERSIONED.sub("", step.subject.type)
            site = self._site_of(step)
            package = token.partition(":")[0]
            home = self._sites.get(site)
            managed = home if isinstance(home, ManagedSite) and package == "kubernetes" else None
            yield Resource(
                urn=step.subject.urn,
                type=token,
                name=step.subject.name,
                inputs=inputs,
                parent=step.parent,
                cloud=managed.cloud if managed else _cloud_of(package),
                region=managed.region if managed else self._region(step, inputs, home),
                site=site,
            )

    def _site_of(self, step: StepStarted) -> str:
        """The outermost component that has a site's name; else the provider's or the beginning of the name."""
        found, urn = "", step.parent
        while urn:
            name = Subject(urn=urn).name
            found = name if name in self._sites else found
            urn = self._parents.get(urn, "")
        if found:
            return found
        name, provider = step.subject.name, Subject(urn=step.provider).name
        if provider in self._sites:
            return provider
        return next((site for site in self._sites if name == site or name.startswith(f"{site}-")), "")

    def _region(self, step: StepStarted, inputs: Mapping[str, Any], home: Site | None) -> str:
        """Where the resource says that it is, else its provider, else the site that it belongs to."""
        provider = self._providers.get(step.provider, {})
        own = (inputs.get("region"), inputs.get("location"), inputs.get("zone"))
        around = (
            provider.get("region"),
            provider.get("location"),
            home.region if isinstance(home, ManagedSite) else None,
        )
        found = next((place for place in (*own, *around) if isinstance(place, str) and not is_unknown(place)), "")
        return _as_region(found)


def _cloud_of(package: str) -> str:
    """Return the cloud that charges for a package's resources; empty if none does."""
    return next((cloud.id for cloud in CLOUDS.values() if cloud.package == package), "")


def _as_region(place: str) -> str:
    """``West Europe`` as ``westeurope``, and a zone's region."""
    place = place.replace(" ", "").lower()
    zone = _ZONE.match(place)
    return zone["region"] if zone else place


def is_unknown(found: object) -> bool:
    """Whether the engine does not know it before the run."""
    return isinstance(found, str) and _UNKNOWN.match(found) is not None


def value(inputs: object, path: str) -> Any:
    """The input at ``a.b``; none where it is not."""
    found: Any = inputs
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
