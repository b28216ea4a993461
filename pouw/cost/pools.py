"""Pools of machines: their minimum and maximum, their type and their disks. Each cloud has one reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pouw.cost.plan import Resource, is_unknown, value
from pouw.cost.table import count

_LAUNCH_TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
_ZONES: Final = 3
"""Zones of a pool whose zones are unknown before the run: those of a site."""


@dataclass(frozen=True, kw_only=True)
class Machines:
    """Machines of one type. An empty ``instance`` or ``disk``, or a missing number, is unknown in the plan."""

    instance: str = ""
    minimum: int | None = None
    maximum: int | None = None
    spot: bool = False
    disk: str = ""
    """Kind of each machine's disk; ``none`` without a disk that has a price."""
    disk_gib: int | None = None


def of(resource: Resource, resources: Sequence[Resource]) -> Iterator[Machines] | None:
    """Return the pools of a resource; None for a type without machines. ``resources`` may hold its references."""
    read = _READERS.get(resource.type)
    return read(resource, resources) if read else None


def _node_group(resource: Resource, resources: Sequence[Resource]) -> Iterator[Machines]:
    inputs = resource.inputs
    launch = _launch_template(resource, resources)
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


def _launch_template(resource: Resource, resources: Sequence[Resource]) -> Mapping[str, Any]:
    """Return the launch template with the same parent and the longest common name.

    The group does not name it in a plan, because its id is unknown before its creation.
    """
    siblings = [sibling for sibling in resources if _is_launch_template_beside(sibling, resource)]
    matches = [sibling for sibling in siblings if resource.name.startswith(sibling.name.rpartition("-")[0])]
    candidates = matches or (siblings if len(siblings) == 1 else [])
    template = max(candidates, key=lambda candidate: len(candidate.name), default=None)
    return template.inputs if template else {}


def _is_launch_template_beside(sibling: Resource, resource: Resource) -> bool:
    return sibling.type == _LAUNCH_TEMPLATE and sibling.parent == resource.parent


def _managed_cluster(resource: Resource, resources: Sequence[Resource]) -> Iterator[Machines]:
    del resources
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


def _gke_pool(resource: Resource, resources: Sequence[Resource]) -> Iterator[Machines]:
    del resources
    inputs = resource.inputs
    node, scaling = _block(inputs.get("nodeConfig")), _block(inputs.get("autoscaling"))
    minimum, maximum = _gke_bounds(inputs, scaling)
    machine = _text(value(node, "machineType"))
    accelerated = bool(value(node, "guestAccelerators")) and not machine.startswith(("g2-", "a2-"))
    yield Machines(
        instance=f"{machine} with accelerators" if accelerated else machine,
        minimum=minimum,
        maximum=maximum,
        spot=any(value(node, name) is True for name in ("spot", "preemptible")),
        disk=_text(value(node, "diskType")) or ("" if node is None else "pd-balanced"),
        disk_gib=_number(node, "diskSizeGb", 100),
    )


def _gke_bounds(inputs: Mapping[str, Any], scaling: Mapping[str, Any] | None) -> tuple[int | None, int | None]:
    """Return the bounds over all zones: the inputs bound each zone, unless they are total bounds."""
    if scaling is None:
        return None, None
    if "totalMaxNodeCount" in scaling:
        return _number(scaling, "totalMinNodeCount"), _number(scaling, "totalMaxNodeCount")
    zones = count(inputs.get("nodeLocations"), _ZONES) or 1
    fixed = _number(inputs, "nodeCount" if inputs.get("nodeCount") else "initialNodeCount")
    bounds = [_number(scaling, f"{end}NodeCount") for end in ("min", "max")] if scaling else [fixed, fixed]
    minimum, maximum = (None if bound is None else bound * zones for bound in bounds)
    return minimum, maximum


_READERS: Mapping[str, Callable[[Resource, Sequence[Resource]], Iterator[Machines]]] = {
    "aws:eks/nodeGroup:NodeGroup": _node_group,
    "azure-native:containerservice:ManagedCluster": _managed_cluster,
    "azure-native:containerservice:AgentPool": lambda resource, _: iter((_agent_pool(resource.inputs),)),
    "gcp:container/nodePool:NodePool": _gke_pool,
}


TYPES = tuple(_READERS)
"""Types that are pools of machines, or contain pools."""


def _block(content: Any) -> Mapping[str, Any] | None:
    """Return an object, or the first of a list, in which some providers wrap it; None for an unknown value."""
    if isinstance(content, list):
        content = content[0] if content else None
    if content is None:
        return {}
    return content if isinstance(content, Mapping) else None


def _number(block: Mapping[str, Any] | None, name: str, otherwise: int | None = 0) -> int | None:
    """Return a number; ``otherwise`` if it is missing, and None if it is unknown."""
    if block is None:
        return None
    content = block.get(name)
    if content is None:
        return otherwise
    is_digits = isinstance(content, str) and content.isascii() and content.isdigit()
    return count(int(content) if is_digits else content)


def _text(content: Any) -> str:
    return content if isinstance(content, str) and not is_unknown(content) else ""
