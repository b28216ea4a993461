"""Pools of machines: how many at least and at most, of which kind, with which disk. One reader a cloud."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pouw.cost.plan import Resource, is_unknown, value
from pouw.cost.table import count

_LAUNCH_TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
_ZONES: Final = 3
"""Of a site: what a pool's zones are where the plan does not say yet."""


@dataclass(frozen=True, kw_only=True)
class Machines:
    """Machines of one kind. An empty ``instance`` or ``disk``, or no number: the plan does not say."""

    instance: str = ""
    minimum: int | None = None
    maximum: int | None = None
    spot: bool = False
    disk: str = ""
    """Kind of each machine's disk; ``none`` where it has none that is charged for."""
    disk_gib: int | None = None


def of(resource: Resource, others: Sequence[Resource]) -> Iterator[Machines] | None:
    """The pools that a resource is; ``None`` for one that is no pool. ``others`` may hold what it refers to."""
    read = _READERS.get(resource.type)
    return read(resource, others) if read else None


def _node_group(resource: Resource, others: Sequence[Resource]) -> Iterator[Machines]:
    inputs = resource.inputs
    launch = _launch_template(resource, others)
    ebs = _block(value(_block(launch.get("blockDeviceMappings")), "ebs"))
    scaling = _block(inputs.get("scalingConfig"))
    instances = inputs.get("instanceTypes") or [launch.get("instanceType")]
    size = inputs.get("diskSize")
    yield Machines(
        instance=_text(instances[0] if isinstance(instances, list) and instances else ""),
        minimum=_number(scaling, "minSize"),
        maximum=_number(scaling, "maxSize"),
        spot=inputs.get("capacityType") == "SPOT",
        disk=_text(value(ebs, "volumeType")) or ("gp3" if size else ""),
        disk_gib=_number({"size": size}, "size") if size else _number(ebs, "volumeSize", None),
    )


def _launch_template(resource: Resource, others: Sequence[Resource]) -> Mapping[str, Any]:
    """The template beside the group whose name the group's begins with: its id is not known before it is made."""
    beside = [one for one in others if one.type == _LAUNCH_TEMPLATE and one.parent == resource.parent]
    fitting = [one for one in beside if resource.name.startswith(one.name.rpartition("-")[0])]
    found = max(fitting or beside[:1] if len(beside) == 1 else fitting, key=lambda one: len(one.name), default=None)
    return found.inputs if found else {}


def _managed_cluster(resource: Resource, others: Sequence[Resource]) -> Iterator[Machines]:
    del others
    profiles = resource.inputs.get("agentPoolProfiles") or ()
    for pool in profiles if isinstance(profiles, list) else (profiles,):
        if pool:
            yield _agent_pool(_block(pool))


def _agent_pool(inputs: Mapping[str, Any] | None) -> Machines:
    if inputs is None:
        return Machines()
    scaled, fixed = bool(inputs.get("enableAutoScaling")), _number(inputs, "count")
    return Machines(
        instance=_text(inputs.get("vmSize")),
        minimum=_number(inputs, "minCount", fixed) if scaled else fixed,
        maximum=_number(inputs, "maxCount", fixed) if scaled else fixed,
        spot=inputs.get("scaleSetPriority") == "Spot",
        disk="none" if inputs.get("osDiskType") == "Ephemeral" else "Premium_LRS",
        disk_gib=_number(inputs, "osDiskSizeGB", 128),
    )


def _gke_pool(resource: Resource, others: Sequence[Resource]) -> Iterator[Machines]:
    del others
    inputs = resource.inputs
    node, scaling = _block(inputs.get("nodeConfig")), _block(inputs.get("autoscaling"))
    least, most = _gke_bounds(inputs, scaling)
    machine = _text(value(node, "machineType"))
    accelerated = bool(value(node, "guestAccelerators")) and not machine.startswith(("g2-", "a2-"))
    yield Machines(
        instance=f"{machine} with accelerators" if accelerated else machine,
        minimum=least,
        maximum=most,
        spot=any(value(node, name) is True for name in ("spot", "preemptible")),
        disk=_text(value(node, "diskType")) or ("" if node is None else "pd-balanced"),
        disk_gib=_number(node, "diskSizeGb", 100),
    )


def _gke_bounds(inputs: Mapping[str, Any], scaling: Mapping[str, Any] | None) -> tuple[int | None, int | None]:
    """Over all zones: bounds are of each, unless they say that they are of all."""
    if scaling is None:
        return None, None
    if "totalMaxNodeCount" in scaling:
        return _number(scaling, "totalMinNodeCount"), _number(scaling, "totalMaxNodeCount")
    zones = count(inputs.get("nodeLocations"), _ZONES) or 1
    fixed = _number(inputs, "nodeCount" if inputs.get("nodeCount") else "initialNodeCount")
    least, most = (_number(scaling, f"{end}NodeCount") for end in ("min", "max")) if scaling else (fixed, fixed)
    return (None if least is None else least * zones), (None if most is None else most * zones)


_READERS: Mapping[str, Callable[[Resource, Sequence[Resource]], Iterator[Machines]]] = {
    "aws:eks/nodeGroup:NodeGroup": _node_group,
    "azure-native:containerservice:ManagedCluster": _managed_cluster,
    "azure-native:containerservice:AgentPool": lambda resource, _: iter((_agent_pool(resource.inputs),)),
    "gcp:container/nodePool:NodePool": _gke_pool,
}


TYPES = tuple(_READERS)
"""Types that are pools of machines, or have some inside."""


def _block(found: Any) -> Mapping[str, Any] | None:
    """An object, or the first of a list of them: some providers wrap a block into a list. ``None``: not known yet."""
    if isinstance(found, list):
        found = found[0] if found else None
    if found is None:
        return {}
    return found if isinstance(found, Mapping) else None


def _number(block: Mapping[str, Any] | None, name: str, otherwise: int | None = 0) -> int | None:
    """What stands there; ``otherwise`` where nothing does, and none where it is not known yet."""
    if block is None:
        return None
    found = block.get(name)
    if found is None:
        return otherwise
    return count(int(found) if isinstance(found, str) and found.isascii() and found.isdigit() else found)


def _text(found: Any) -> str:
    return found if isinstance(found, str) and not is_unknown(found) else ""
