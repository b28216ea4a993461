"""Blue and green: two slots of nodes, of which one serves. Objects say theirs by the label ``pouw.dev/slot``.

A window is the time in which both are there. In it no key is shared, clients reach one whole slot, and the slot that
serves is at least as large as the other, so that what is left at the window's end carries the load.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial

from policies.checks import MISSING, find
from policies.kubernetes.manifests import DEPLOYMENT, STATEFUL_SET
from policies.kubernetes.relations import SERVICE, SLOT, Pods, metadata, place, pods
from policies.rule import Absence, AnyRule, Severity, StackRule
from policies.stack import Resource, Stack

ACTIVE = "pouw.dev/active-slot"
_NODES = (STATEFUL_SET, DEPLOYMENT)
_REFERENCE = "https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/"
_DRAIN_S = 20.0
"""How long a node may take to finish what it has begun."""


def _secrets(one: Pods) -> set[str]:
    mounted = {name for _, name in find(one.spec, "volumes[*].secret.secretName") if name is not MISSING}
    projected = {name for _, name in find(one.spec, "volumes[*].projected.sources[*].secret.name")}
    return mounted | {name for name in projected if name is not MISSING}


def _has_keys_of_its_own(workload: Resource, stack: Stack) -> Iterator[str]:
    everybody = stack.derive(pods)
    mine = next(one for one in everybody if one.workload is workload)
    if not (slot := mine.labels.get(SLOT)):
        return
    for other in everybody:
        theirs = other.labels.get(SLOT)
        if other.place == mine.place and theirs and theirs != slot:
            for name in sorted(_secrets(mine) & _secrets(other)):
                yield f"spec.template.spec.volumes: {name} is mounted in slot {theirs} too: two nodes of one identity"


def _sizes(where: str, stack: Stack) -> Mapping[str, float]:
    """Nodes of each slot of a namespace."""
    found: defaultdict[str, float] = defaultdict(float)
    for one in stack.derive(pods):
        if one.place == where and one.workload.type in _NODES and (slot := one.labels.get(SLOT)):
            count = one.workload.inputs["spec"].get("replicas")
            found[slot] += 1.0 if count is None else float(count)
    return found


def _active(service: Resource) -> str | None:
    slot: str | None = (metadata(service).get("annotations") or {}).get(ACTIVE)
    return slot


def _leads_to_a_slot(service: Resource, stack: Stack) -> Iterator[str]:
    slot = _active(service)
    if slot and not (sizes := _sizes(place(service, stack), stack)).get(slot):
        yield f"metadata.annotations: {ACTIVE} is {slot}, and the slots are {', '.join(sorted(sizes)) or 'none'}"


def _leads_to_the_larger(service: Resource, stack: Stack) -> Iterator[str]:
    slot = _active(service)
    if not slot:
        return
    sizes = _sizes(place(service, stack), stack)
    for other in sizes:
        if sizes.get(slot, 0.0) and sizes[other] > sizes[slot]:
            yield f"metadata.annotations: {slot} serves with {sizes[slot]:g} nodes, and {other} has {sizes[other]:g}"


def _drains(workload: Resource, stack: Stack) -> Iterator[str]:
    mine = next(one for one in stack.derive(pods) if one.workload is workload)
    if mine.labels.get(SLOT):
        grace = mine.spec.get("terminationGracePeriodSeconds")
        if grace is not None and float(grace) < _DRAIN_S:
            at = "spec.template.spec.terminationGracePeriodSeconds"
            yield f"{at}: is {float(grace):g}, and a node takes up to {_DRAIN_S:g} s to drain"


_rule = partial(StackRule, types=(SERVICE,), severity=Severity.HIGH, absent=Absence.ALLOW, reference=_REFERENCE)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="kubernetes-slots-nodes-deny-shared-keys",
        types=_NODES,
        severity=Severity.CRITICAL,
        why="Two nodes that sign with one key contradict each other, and the network takes both for a cheat.",
        remedy="Give each slot a Secret of its own, with keys derived from the slot's names.",
        check=_has_keys_of_its_own,
    ),
    _rule(
        id="kubernetes-slots-service-match-slot",
        severity=Severity.CRITICAL,
        why="Clients are led to a slot without a node.",
        remedy="Name a slot that is deployed, and switch only once the other is whole.",
        check=_leads_to_a_slot,
    ),
    _rule(
        id="kubernetes-slots-service-match-size",
        why="A slot that serves with fewer nodes than the one it replaces fails under the load that it takes over.",
        remedy="Bring the new slot to its full size before the switch, and take the old one down after it.",
        check=_leads_to_the_larger,
    ),
    _rule(
        id="kubernetes-slots-nodes-limit-grace",
        types=_NODES,
        severity=Severity.MEDIUM,
        why="At the end of a window the old slot is killed with requests in its hands.",
        remedy="Set terminationGracePeriodSeconds to 30.",
        check=_drains,
    ),
)
