"""The machines of a site, decided from its settings: one pool per zone, because disks are bound to zones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from infra.azure.subnets import node_subnet
from infra.naming import POOL_LABEL
from infra.settings.site import NodePool, Pools
from infra.workload import Tolerations, digest

if TYPE_CHECKING:
    from infra.contracts import SiteContext

_DEFAULT_INSTANCE: Final = {"system": "Standard_D4ds_v5", "miners": "Standard_D8ds_v5", "rpc": "Standard_D4ds_v5"}
ACCELERATORS: Final = (
    (r"^Standard_NC\d+as_T4_v3$", "nvidia-t4"),
    (r"^Standard_NC\d+s_v3$", "nvidia-v100"),
    (r"^Standard_NC\d+ads_A100_v4$", "nvidia-a100"),
    (r"^Standard_NC\d+ads_H100_v5$", "nvidia-h100"),
    (r"^Standard_NV\d+ads_A10_v5$", "nvidia-a10"),
    (r"^Standard_ND\d+(am?sr|asr)_(A100_)?v4$", "nvidia-a100"),
    (r"^Standard_ND\d+isr_H100_v5$", "nvidia-h100"),
)
"""Accelerators by pattern of the machine type."""
ACCELERATOR_LABEL: Final = "pouw.dev/accelerator"
SPOT: Final = "kubernetes.azure.com/scalesetpriority"
"""Label of spot machines, and key of the taint that Azure puts on them (value ``spot``, effect NoSchedule)."""
MOST_PODS: Final = 60
SURGE_PERCENT: Final = 33
"""Share of a pool that is added while its machines are replaced."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The fewest and the most machines."""

    minimum: int
    maximum: int


@dataclass(frozen=True, kw_only=True)
class ZonePool:
    """The machines of one pool in one zone."""

    name: str
    pool: Literal["system", "miners", "rpc"]
    zone: int
    instance: str
    disk_gib: int
    bounds: Bounds
    spot: bool = False


def shares(bounds: Bounds) -> tuple[Bounds, Bounds, Bounds]:
    """Return a pool's bounds divided among three zones as evenly as possible."""
    low, high = _thirds(bounds.minimum), _thirds(bounds.maximum)
    first, second, third = (Bounds(minimum=low[zone], maximum=high[zone]) for zone in range(3))
    return first, second, third


def _thirds(number: int) -> list[int]:
    return [number // 3 + (zone < number % 3) for zone in range(3)]


def zone_pools(pools: Pools) -> list[ZonePool]:
    """Return every pool in every zone. With spot machines, the number of on-demand machines is fixed at the floor."""
    miners, system = pools.miners, _bounds(pools.system)
    # A system pool must not be empty, so each zone has at least one system machine.
    system = Bounds(minimum=max(system.minimum, 3), maximum=max(system.maximum, 3))
    plans: list[tuple[str, Literal["system", "miners", "rpc"], NodePool, Bounds, bool]] = [
        ("system", "system", pools.system, system, False),
        ("rpc", "rpc", pools.rpc, _bounds(pools.rpc), False),
    ]
    if miners.spot:
        floor = miners.on_demand_floor
        above = Bounds(minimum=max(miners.minimum - floor, 0), maximum=miners.maximum - floor)
        plans.append(("miners", "miners", miners, Bounds(minimum=floor, maximum=floor), False))
        plans.append(("spot", "miners", miners, above, True))
    else:
        plans.append(("miners", "miners", miners, _bounds(miners), False))
    return [
        ZonePool(
            name=f"{name}{zone + 1}",
            pool=pool,
            zone=zone,
            instance=settings.instance or _DEFAULT_INSTANCE[pool],
            disk_gib=settings.disk_gib,
            bounds=share,
            spot=spot,
        )
        for name, pool, settings, bounds, spot in plans
        for zone, share in enumerate(shares(bounds))
    ]


def pool_name(pool: ZonePool) -> str:
    """Return the name of a pool in its cluster, 12 characters at most.

    It depends on the properties that Azure cannot change: the new pool is created before the old one is deleted.
    """
    return f"{pool.name}{digest(f'{pool.instance} {pool.disk_gib}')[:4]}"


def _bounds(pool: NodePool) -> Bounds:
    return Bounds(minimum=pool.minimum, maximum=pool.maximum)


def accelerator(instance: str) -> str | None:
    """Return the accelerator of a machine type, if it has one."""
    return next((kind for pattern, kind in ACCELERATORS if re.match(pattern, instance)), None)


def profile(pool: ZonePool, context: SiteContext) -> dict[str, Any]:
    """Return the arguments of a pool except its name and subnet, for a separate pool and for one inside the cluster."""
    gpu = accelerator(pool.instance)
    labels = {POOL_LABEL: pool.pool, **({ACCELERATOR_LABEL: gpu} if gpu else {})}
    taints = [f"{POOL_LABEL}={pool.pool}:NoSchedule"] if pool.pool == "miners" else []
    properties: dict[str, Any] = {
        "mode": "System" if pool.pool == "system" else "User",
        "type": "VirtualMachineScaleSets",
        "availability_zones": [context.zones[pool.zone]],
        "vm_size": pool.instance,
        "os_type": "Linux",
        "os_sku": "Ubuntu",
        "os_disk_type": "Managed",
        "os_disk_size_gb": pool.disk_gib,
        "max_pods": MOST_PODS,
        "enable_encryption_at_host": True,
        "enable_node_public_ip": False,
        # Accelerator drivers have no signature for secure boot.
        "security_profile": {"enableSecureBoot": gpu is None, "enableVTPM": True, "sshAccess": "Disabled"},
        "node_taints": taints,
        "tags": dict(context.tags),
        **scaling(pool.bounds),
    }
    if gpu:
        properties["gpu_profile"] = {"driver": "Install"}
    if pool.spot:
        labels[SPOT] = "spot"
        taints.append(f"{SPOT}=spot:NoSchedule")
        properties |= {"scale_set_priority": "Spot", "scale_set_eviction_policy": "Delete", "spot_max_price": -1.0}
    else:
        properties["upgrade_settings"] = {"maxSurge": f"{SURGE_PERCENT}%", "drainTimeoutInMinutes": 30}
    return {**properties, "node_labels": labels}


def tolerations(pools: Pools) -> Tolerations:
    """Return tolerations, by pool, of the taint that Azure sets on spot machines."""
    spot = {"key": SPOT, "operator": "Equal", "value": "spot", "effect": "NoSchedule"}
    return {pool.pool: [spot] for pool in zone_pools(pools) if pool.spot and pool.bounds.maximum}


def scaling(bounds: Bounds) -> dict[str, Any]:
    """Return the autoscaler's bounds. It is off if both bounds are equal, because Azure refuses a maximum of 0."""
    if bounds.minimum == bounds.maximum:
        return {"enable_auto_scaling": False, "count": bounds.minimum}
    return {
        "enable_auto_scaling": True,
        "count": bounds.minimum,
        "min_count": bounds.minimum,
        "max_count": bounds.maximum,
    }


def subnet_of(pool: ZonePool) -> str:
    """Return the name of the subnet of a pool's machines."""
    return node_subnet(pool.zone)
