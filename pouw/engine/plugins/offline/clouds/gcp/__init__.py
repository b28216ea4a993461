"""Google Cloud."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.core.sdk_types import ResourceType
from pouw.engine.plugins.offline.cloud import Cloud, Name, Siblings
from pouw.engine.plugins.offline.clouds.gcp.answers import ANSWERS
from pouw.engine.plugins.offline.clouds.gcp.facts import FACTS
from pouw.engine.plugins.offline.clouds.gcp.formats import location, project, region, zone
from pouw.engine.plugins.offline.formats import cidr, overlap
from pouw.engine.plugins.offline.settings import Settings, text

PROJECT: Final = "offline-000000"
"""The project of answers and rehearsals where the configuration names none."""


def _name_of(described: ResourceType) -> Name | None:
    given, read = described.inputs.get("name"), described.outputs.get("name")
    return _plain() if given is not None and read is not None and not given.required and read.required else None


def _plain() -> Name:
    return Name(lower=True)


def _settings(values: Mapping[str, Value]) -> Settings:
    labels = values.get("defaultLabels")
    return Settings(
        account=text(values, "project") or PROJECT,
        region=text(values, "region"),
        tags=labels if isinstance(labels, dict) else {},
    )


def _identify(described: ResourceType, outputs: Mapping[str, Value], settings: Settings, unique: str) -> str:
    place = outputs.get("location") or outputs.get("region")
    kind = described.token.rpartition(":")[2]
    middle = f"locations/{place}" if isinstance(place, str) else "global"
    return f"projects/{settings.account}/{middle}/{kind[0].lower()}{kind[1:]}s/{outputs.get('name') or unique}"


def _secondary(inputs: Mapping[str, Value]) -> Iterator[str]:
    """A subnetwork's ranges share no address."""
    secondary = inputs.get("secondaryIpRanges")
    before = [inputs.get("ipCidrRange")]
    for index, one in enumerate(secondary if isinstance(secondary, list) else ()):
        own = one.get("ipCidrRange") if isinstance(one, dict) else None
        known = [other for other in before if isinstance(other, str)]
        if isinstance(own, str) and (other := overlap(own, known)):
            yield f"secondaryIpRanges[{index}].ipCidrRange: {own} overlaps {other}, another range of this subnetwork"
        before.append(own)


def _conflict(token: str, inputs: Mapping[str, Value], others: Siblings) -> str:
    """A subnetwork shares no address with another of its network."""
    own = inputs.get("ipCidrRange")
    if token != "gcp:compute/subnetwork:Subnetwork" or not isinstance(own, str):  # noqa: S105 - a resource type
        return ""
    beside = [one["ipCidrRange"] for one in others(token) if one.get("network") == inputs.get("network")]
    if other := overlap(own, beside):
        return f"ipCidrRange: {own} overlaps {other}, a subnetwork of the same network"
    return ""


CLOUD: Final = Cloud(
    package="gcp",
    title="Google Cloud",
    facts=FACTS,
    replaces=["project", "location", "region", "zone"],
    places=["region", "location"],
    formats=[
        (r"ipCidrRange|\w+CidrBlock|cidrBlock|(source|destination)Ranges|\w+Ipv4Cidr", cidr),
        (r"zones?|nodeLocations", zone),
        (r"region", region),
        (r"location", location),
        (r"project", project),
    ],
    open_enums=frozenset(),
    name_of=_name_of,
    answers=ANSWERS,
    settings=_settings,
    identify=_identify,
    nobody=PROJECT,
    rules={"gcp:compute/subnetwork:Subnetwork": _secondary},
    conflict=_conflict,
)
