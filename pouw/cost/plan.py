"""The resources of a plan with the properties that determine prices, before and after the run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.clouds import CLOUDS
from infra.settings.site import ManagedSite
from infra.settings.stack import Site
from pouw.engine import unknown_values
from pouw.engine.events import StepStarted, Subject

_VERSIONED = re.compile(r"/v\d{8}(preview)?")
_ZONE = re.compile(r"^(?P<region>[a-z]+-[a-z]+\d+)-[a-z]$")
_PROVIDER = "pulumi:providers:"


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource, before or after the run."""

    urn: str
    type: str
    """The type token without an API version."""
    name: str
    inputs: Mapping[str, Any]
    parent: str
    cloud: str
    """The cloud that charges for it; empty for a resource without a charge."""
    region: str
    site: str
    """The name of its site; empty for a resource of the whole stack."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The resources before and after a run."""

    before: Sequence[Resource]
    after: Sequence[Resource]
    changes: frozenset[str]
    """URNs of resources that change."""


def of(steps: Sequence[StepStarted], sites: Sequence[Site]) -> Plan:
    """Return the plan of a run's steps, without components and providers, which have no price."""
    reader = _Reader(steps, sites)
    charged = [step for step in steps if step.provider and step.operation not in ("read", "refresh")]
    return Plan(
        before=tuple(reader.resources(charged, after=False)),
        after=tuple(reader.resources(charged, after=True)),
        changes=frozenset(step.subject.urn for step in charged if step.operation != "same"),
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
            name = self._site_name(step)
            site = self._sites.get(name)
            package = token.partition(":")[0]
            managed = site if isinstance(site, ManagedSite) and package == "kubernetes" else None
            yield Resource(
                urn=step.subject.urn,
                type=token,
                name=step.subject.name,
                inputs=inputs,
                parent=step.parent,
                cloud=managed.cloud if managed else _cloud_of(package),
                region=managed.region if managed else self._region(step, inputs, site),
                site=name,
            )

    def _site_name(self, step: StepStarted) -> str:
        """Return the outermost component with a site's name, else the provider's name, else the prefix of the name."""
        outermost, urn = "", step.parent
        while urn:
            name = Subject(urn=urn).name
            outermost = name if name in self._sites else outermost
            urn = self._parents.get(urn, "")
        if outermost:
            return outermost
        name, provider = step.subject.name, Subject(urn=step.provider).name
        if provider in self._sites:
            return provider
        return next((site for site in self._sites if name == site or name.startswith(f"{site}-")), "")

    def _region(self, step: StepStarted, inputs: Mapping[str, Any], site: Site | None) -> str:
        """Return the region of the resource, else of its provider, else of its site."""
        provider = self._providers.get(step.provider, {})
        candidates = (
            inputs.get("region"),
            inputs.get("location"),
            inputs.get("zone"),
            provider.get("region"),
            provider.get("location"),
            site.region if isinstance(site, ManagedSite) else None,
        )
        region = next((name for name in candidates if isinstance(name, str) and not is_unknown(name)), "")
        return _normalized(region)


def _cloud_of(package: str) -> str:
    """Return the cloud that charges for a package's resources; empty if none does."""
    return next((cloud.id for cloud in CLOUDS.values() if cloud.package == package), "")


def _normalized(region: str) -> str:
    """Return ``West Europe`` as ``westeurope``, and the region of a zone."""
    region = region.replace(" ", "").lower()
    zone = _ZONE.match(region)
    return zone["region"] if zone else region


def is_unknown(content: object) -> bool:
    """True if the engine does not know the value before the run."""
    return isinstance(content, str) and content in unknown_values.MARKERS


def value(inputs: object, path: str) -> Any:
    """Return the input at a path such as ``a.b``; None if it does not exist."""
    content: Any = inputs
    for part in path.split("."):
        content = content.get(part) if isinstance(content, Mapping) else None
    return content
