"""The machines of a site, decided from its settings: node groups, and machine images that fit machine types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from infra.settings.site import NodePool, Pools
from infra.workload import Tolerations

Capacity = Literal["ON_DEMAND", "SPOT"]

_DEFAULTS: Final[Mapping[str, tuple[str, ...]]] = {
    "system": ("m7i.large",),
    "miners": ("c7i.2xlarge",),
    "rpc": ("m7i.xlarge",),
}
_SPOT_DEFAULTS: Final = ("c7i.2xlarge", "c6i.2xlarge", "c7a.2xlarge", "c6a.2xlarge")
"""Types of one size: with several types, spot capacity is available more often and interrupted less often."""
_FAMILY: Final = re.compile(r"^(?P<family>[a-z]+)(?P<generation>\d+)(?P<attributes>[a-z]*)(-[a-z0-9]+)?\.")
_ACCELERATORS: Final[Mapping[str, str]] = {
    "g": "NVIDIA",
    "gr": "NVIDIA",
    "p": "NVIDIA",
    "inf": "NEURON",
    "trn": "NEURON",
}
"""Families with accelerators, and the variant of the machine image that holds their drivers."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Machines of one pool with one capacity type."""

    name: str
    pool: str
    capacity: Capacity
    minimum: int
    maximum: int
    instances: tuple[str, ...]

    @property
    def image(self) -> str:
        """The type of the machine image."""
        return image(self.instances[0])


def groups(pools: Pools) -> list[Group]:
    """Return the groups of a site. On-demand miners are a group that spot interruptions cannot shrink."""
    miners = pools.miners
    if not miners.spot:
        return [_group("system", pools.system), _group("miners", miners), _group("rpc", pools.rpc)]
    floor = Group(
        name="miners-floor",
        pool="miners",
        capacity="ON_DEMAND",
        minimum=miners.on_demand_floor,
        maximum=miners.on_demand_floor,
        instances=_instances("miners", miners),
    )
    spot = Group(
        name="miners-spot",
        pool="miners",
        capacity="SPOT",
        minimum=max(miners.minimum - miners.on_demand_floor, 0),
        maximum=miners.maximum - miners.on_demand_floor,
        instances=(miners.instance,) if miners.instance else _SPOT_DEFAULTS,
    )
    # EKS refuses a group with a maximum of 0, which a floor at the pool's maximum would make.
    spot_groups = [spot] if spot.maximum else []
    return [_group("system", pools.system), floor, *spot_groups, _group("rpc", pools.rpc)]


def image(instance: str) -> str:
    """Return the type of machine image for a machine type: its architecture, and drivers of its accelerators."""
    match = _FAMILY.match(instance)
    family, attributes = (match["family"], match["attributes"]) if match else ("", "")
    architecture = "ARM_64" if "g" in attributes else "x86_64"
    # AMD graphics processors (``g4ad``) have no image with drivers.
    accelerator = None if attributes.startswith("a") else _ACCELERATORS.get(family)
    return f"AL2023_{architecture}_{accelerator or 'STANDARD'}"


def _group(name: str, pool: NodePool) -> Group:
    return Group(
        name=name,
        pool=name,
        capacity="ON_DEMAND",
        minimum=pool.minimum,
        maximum=pool.maximum,
        instances=_instances(name, pool),
    )


def _instances(name: str, pool: NodePool) -> tuple[str, ...]:
    return (pool.instance,) if pool.instance else _DEFAULTS[name]


def tolerations(_pools: Pools) -> Tolerations:
    """Return no toleration: EKS puts no taint of its own on machines."""
    return {}
