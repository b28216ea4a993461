"""Which machines a site runs, decided from its settings: pools cut into groups, and images that fit machine types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from infra.settings.site import Pool, Pools

Capacity = Literal["ON_DEMAND", "SPOT"]

_DEFAULTS: Final[Mapping[str, tuple[str, ...]]] = {
    "system": ("m7i.large",),
    "miners": ("c7i.2xlarge",),
    "rpc": ("m7i.xlarge",),
}
_SPOT_DEFAULTS: Final = ("c7i.2xlarge", "c6i.2xlarge", "c7a.2xlarge", "c6a.2xlarge")
"""Types of one size: spot capacity is found more often, and lost less often, where it may come from several."""
_FAMILY: Final = re.compile(r"^(?P<family>[a-z]+)(?P<generation>\d+)(?P<attributes>[a-z]*)(-[a-z0-9]+)?\.")
_ACCELERATORS: Final[Mapping[str, str]] = {
    "g": "NVIDIA",
    "gr": "NVIDIA",
    "p": "NVIDIA",
    "inf": "NEURON",
    "trn": "NEURON",
}
"""Families with accelerators, by the software that their machine image carries."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Machines of one pool, bought one way."""

    name: str
    pool: str
    capacity: Capacity
    minimum: int
    maximum: int
    instances: tuple[str, ...]

    @property
    def image(self) -> str:
        """The kind of machine image."""
        return image(self.instances[0])


def groups(pools: Pools) -> list[Group]:
    """The groups of a site. The floor of the miners is a group of its own, so no spot market can take it."""
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
    # A group must have room for one machine: a floor that reaches the maximum leaves none.
    above = [spot] if spot.maximum else []
    return [_group("system", pools.system), floor, *above, _group("rpc", pools.rpc)]


def image(instance: str) -> str:
    """The kind of machine image that a machine type needs: its architecture, and drivers of its accelerators."""
    found = _FAMILY.match(instance)
    family, attributes = (found["family"], found["attributes"]) if found else ("", "")
    architecture = "ARM_64" if "g" in attributes else "x86_64"
    # Graphics processors of AMD (``g4ad``) have no image of their own.
    accelerator = None if attributes.startswith("a") else _ACCELERATORS.get(family)
    return f"AL2023_{architecture}_{accelerator or 'STANDARD'}"


def _group(name: str, pool: Pool) -> Group:
    return Group(
        name=name,
        pool=name,
        capacity="ON_DEMAND",
        minimum=pool.minimum,
        maximum=pool.maximum,
        instances=_instances(name, pool),
    )


def _instances(name: str, pool: Pool) -> tuple[str, ...]:
    return (pool.instance,) if pool.instance else _DEFAULTS[name]
