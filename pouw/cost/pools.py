"""Pools of machines: how many at least and at most, of which kind, with which disk. One reader a cloud."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pouw.cost.plan import Resource, value

_LAUNCH_TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"


@dataclass(frozen=True, kw_only=True)
class Machines:
    """Machines of one kind. An empty ``instance`` or ``disk``: the plan does not say."""

    instance: str
    minimum: int
    maximum: int
    spot: bool
    disk: str
    """Kind of each machine's disk; ``none`` where it has none that is charged for."""
    disk_gib: int


def of(resource: Resource, others: Sequence[Resource]) -> Iterator[Machines] | None:
    """The pools that a resource is; ``None`` for one that is no pool. ``others`` may hold what it refers to."""
    read = _READERS.get(resource.type)
    return read(resource, others) if read else None


def _node_group(resource: Resource, others: Sequence[Resource]) -> Iterator[Machines]:
    inputs = resource.inputs
    launch = _launch_template(resource, others)
    ebs = _first(value(_first(launch.get("blockDeviceMappings")), "ebs")) if launch else {}
    scaling = _first(inputs.get("scalingConfig"))
    instances = inputs.get("instanceTypes") or [launch.get("instanceType")]
    yield Machines(
        instance=_text(instances[0] if isinstance(instances, list) and instances else ""),
        minimum=_number(scaling.get("minSize"), 0),
        maximum=_number(scaling.get("maxSize"), 0),
        spot=inputs.get("capacityType") == "SPOT",
        disk=_text(ebs.get("volumeType")) or ("gp3" if inputs.get("diskSize") else ""),
        disk_gib=_number(ebs.get("volumeSize") or inputs.get("diskSize"), 0),
    )


def _launch_template(resource: Resource, others: Sequence[Resource]) -> Mapping[str, Any]:
    """The template beside the group whose name the group's begins with: its id is not known before it is made."""
    beside = [one for one in others if one.type == _LAUNCH_TEMPLATE and one.parent == resource.parent]
    fitting = [one for one in beside if resource.name.startswith(one.name.rpartition("-")[0])]
    found = max(fitting or beside[:1] if len(beside) == 1 else fitting, key=lambda one: len(one.name), default=None)
    return found.inputs if found else {}


def _managed_cluster(resource: Resource, others: Sequence[Resource]) -> Iterator[Machines]:
    del others
    for pool in resource.inputs.get("agentPoolProfiles") or ():
        yield _agent_pool(pool)


def _agent_pool(inputs: Mapping[str, Any]) -> Machines:
    count = _number(inputs.get("count"), 0)
    scaled = bool(inputs.get("enableAutoScaling"))
    ephemeral = inputs.get("osDiskType") == "Ephemeral"
    return Machines(
        instance=_text(inputs.get("vmSize")),
        minimum=_number(inputs.get("minCount"), count) if scaled else count,
        maximum=_number(inputs.get("maxCount"), count) if scaled else count,
        spot=inputs.get("scaleSetPriority") == "Spot",
        disk="none" if ephemeral else "Premium_LRS",
        disk_gib=_number(inputs.get("osDiskSizeGB"), 128),
    )


def _gke_pool(resource: Resource, others: Sequence[Resource]) -> Iterator[Machines]:
    del others
    inputs = resource.inputs
    node, scaling = _first(inputs.get("nodeConfig")), _first(inputs.get("autoscaling"))
    zones = len(inputs.get("nodeLocations") or ()) or 1
    fixed = _number(inputs.get("nodeCount") or inputs.get("initialNodeCount"), 0) * zones
    if "totalMaxNodeCount" in scaling:
        least, most = _number(scaling.get("totalMinNodeCount"), 0), _number(scaling["totalMaxNodeCount"], 0)
    elif scaling:
        least, most = (_number(scaling.get(key), 0) * zones for key in ("minNodeCount", "maxNodeCount"))
    else:
        least = most = fixed
    accelerated = bool(node.get("guestAccelerators")) and not _text(node.get("machineType")).startswith(("g2-", "a2-"))
    machine = _text(node.get("machineType"))
    yield Machines(
        instance=f"{machine} with accelerators" if accelerated else machine,
        minimum=least,
        maximum=most,
        spot=bool(node.get("spot") or node.get("preemptible")),
        disk=_text(node.get("diskType")) or "pd-balanced",
        disk_gib=_number(node.get("diskSizeGb"), 100),
    )


_READERS: Mapping[str, Callable[[Resource, Sequence[Resource]], Iterator[Machines]]] = {
    "aws:eks/nodeGroup:NodeGroup": _node_group,
    "azure-native:containerservice:ManagedCluster": _managed_cluster,
    "azure-native:containerservice:AgentPool": lambda resource, _: iter((_agent_pool(resource.inputs),)),
    "gcp:container/nodePool:NodePool": _gke_pool,
}


TYPES = tuple(_READERS)
"""Types that are pools of machines, or have some inside."""


def _first(found: Any) -> Mapping[str, Any]:
    """An object, or the first of a list of them: some providers wrap a single block into a list."""
    if isinstance(found, list):
        found = found[0] if found else {}
    return found if isinstance(found, Mapping) else {}


def _number(found: Any, otherwise: int) -> int:
    try:
        return int(found)
    except (TypeError, ValueError):
        return otherwise


def _text(found: Any) -> str:
    return found if isinstance(found, str) else ""
