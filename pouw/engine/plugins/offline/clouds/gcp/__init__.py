"""Google Cloud."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from infra.faults import Fault
from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.core.sdk_types import ResourceType
from pouw.engine.plugins.offline.cloud_description import Cloud, Name, Siblings
from pouw.engine.plugins.offline.clouds.gcp.catalogue import CATALOGUE
from pouw.engine.plugins.offline.clouds.gcp.formats import location, project, region, zone
from pouw.engine.plugins.offline.clouds.gcp.functions import FUNCTIONS
from pouw.engine.plugins.offline.formats import cidr, overlap, overlap_fault
from pouw.engine.plugins.offline.settings import Settings, text

PROJECT: Final = "offline-000000"
"""Project of functions and rehearsals without a configured one."""


def _name_of(definition: ResourceType) -> Name | None:
    as_input, as_output = definition.inputs.get("name"), definition.outputs.get("name")
    is_optional = as_input is not None and not as_input.required
    return Name(lower=True) if is_optional and as_output is not None and as_output.required else None


def _settings(values: Mapping[str, Value]) -> Settings:
    labels = values.get("defaultLabels")
    return Settings(
        account=text(values, "project") or PROJECT,
        region=text(values, "region"),
        tags=labels if isinstance(labels, dict) else {},
    )


def _identify(definition: ResourceType, outputs: Mapping[str, Value], settings: Settings, unique: str) -> str:
    location_name = outputs.get("location") or outputs.get("region")
    kind = definition.token.rpartition(":")[2]
    middle = f"locations/{location_name}" if isinstance(location_name, str) else "global"
    return f"projects/{settings.account}/{middle}/{kind[0].lower()}{kind[1:]}s/{outputs.get('name') or unique}"


def _secondary(inputs: Mapping[str, Value]) -> Iterator[Fault]:
    """Yield the faults of secondary ranges that share addresses with another range of the subnetwork."""
    secondary = inputs.get("secondaryIpRanges")
    ranges = [inputs.get("ipCidrRange")]
    for index, entry in enumerate(secondary if isinstance(secondary, list) else ()):
        block = entry.get("ipCidrRange") if isinstance(entry, dict) else None
        texts = [text for text in ranges if isinstance(text, str)]
        if isinstance(block, str) and (neighbour := overlap(block, texts)):
            path = f"secondaryIpRanges[{index}].ipCidrRange"
            yield overlap_fault(path, block, neighbour, "another range of this subnetwork")
        ranges.append(block)


def _conflict(token: str, inputs: Mapping[str, Value], siblings: Siblings) -> Fault | None:
    """Return the fault of a subnetwork that shares addresses with another one of its network."""
    block = inputs.get("ipCidrRange")
    if token != "gcp:compute/subnetwork:Subnetwork" or not isinstance(block, str):  # noqa: S105 - a resource type
        return None
    neighbours = [
        subnetwork["ipCidrRange"]
        for subnetwork in siblings(token)
        if subnetwork.get("network") == inputs.get("network")
    ]
    if neighbour := overlap(block, neighbours):
        return overlap_fault("ipCidrRange", block, neighbour, "a subnetwork of the same network")
    return None


CLOUD: Final = Cloud(
    package="gcp",
    title="Google Cloud",
    catalogue=CATALOGUE,
    replaces=["project", "location", "region", "zone"],
    location_inputs=["region", "location"],
    formats=[
        (r"ipCidrRange|\w+CidrBlock|cidrBlock|(source|destination)Ranges|\w+Ipv4Cidr", cidr),
        (r"zones?|nodeLocations", zone),
        (r"region", region),
        (r"location", location),
        (r"project", project),
    ],
    open_enums=frozenset(),
    name_of=_name_of,
    functions=FUNCTIONS,
    settings=_settings,
    identify=_identify,
    placeholder_account=PROJECT,
    rules={"gcp:compute/subnetwork:Subnetwork": _secondary},
    conflict=_conflict,
)
