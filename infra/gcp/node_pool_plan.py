"""The machines of a site, decided from its settings: groups with their machine types and bounds."""

from __future__ import annotations

from dataclasses import dataclass

from infra.gcp.machine_types import ACCELERATORS, machine_type
from infra.settings.site import NODE_POOLS, NodePool, Pools
from infra.workload import Tolerations


@dataclass(frozen=True, kw_only=True)
class Group:
    """One group of equal machines. A pool is one group, or two if some of its machines are spot machines."""

    name: str
    pool: str
    machine: str
    disk_gib: int
    minimum: int
    maximum: int
    """Both bounds are totals of all zones."""
    spot: bool = False

    @property
    def initial_per_zone(self) -> int:
        """Initial machines in each of the three zones: at least the minimum in total, if the maximum permits it."""
        return min(-(-self.minimum // 3), self.maximum // 3)


def groups(pools: Pools) -> list[Group]:
    """Return the groups of a site. On-demand miners are a group that never shrinks below the floor."""
    miners = pools.miners
    floor = miners.on_demand_floor
    fixed = [_group(name, name, getattr(pools, name)) for name in NODE_POOLS if name != "miners"]
    if not miners.spot or floor >= miners.maximum:
        return [*fixed, _group("miners", "miners", miners)]
    return [
        *fixed,
        _group("miners", "miners", miners, minimum=floor, maximum=floor),
        _group(
            "miners-spot",
            "miners",
            miners,
            minimum=max(miners.minimum - floor, 0),
            maximum=miners.maximum - floor,
            spot=True,
        ),
    ]


def tolerations(pools: Pools) -> Tolerations:
    """Return tolerations, by pool, of the taint that Google sets on machines with accelerators."""
    accelerated = {"key": "nvidia.com/gpu", "operator": "Equal", "value": "present", "effect": "NoSchedule"}
    return {group.pool: [accelerated] for group in groups(pools) if group.machine in ACCELERATORS}


def _group(
    name: str,
    pool: str,
    settings: NodePool,
    *,
    minimum: int | None = None,
    maximum: int | None = None,
    spot: bool = False,
) -> Group:
    return Group(
        name=name,
        pool=pool,
        machine=machine_type(pool, settings),
        disk_gib=settings.disk_gib,
        minimum=settings.minimum if minimum is None else minimum,
        maximum=settings.maximum if maximum is None else maximum,
        spot=spot,
    )
