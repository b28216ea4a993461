"""Rules about slots: blue and green, of which one serves. The label ``pouw.dev/slot`` names the slot of an object.

During a release both slots exist. They share no key, clients reach one complete slot, and the serving slot is at least
as large as the other, so that it carries the load after the release.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import partial

from policies.checks import MISSING, find
from policies.kubernetes.manifests import DEPLOYMENT, STATEFUL_SET
from policies.kubernetes.references import SERVICE, SLOT, Pods, metadata, namespace_of, pods
from policies.rule import Absence, AnyRule, Severity, StackRule
from policies.stack import Resource, Stack

ACTIVE = "pouw.dev/active-slot"
_NODES = (STATEFUL_SET, DEPLOYMENT)
_REFERENCE = "https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/"
_DRAIN_S = 20.0
"""Time that a node may need to complete its current work."""


def _secret_names(entry: Pods) -> set[str]:
    mounted_names = {name for _, name in find(entry.spec, "volumes[*].secret.secretName") if name is not MISSING}
    projected_names = {name for _, name in find(entry.spec, "volumes[*].projected.sources[*].secret.name")}
    return mounted_names | {name for name in projected_names if name is not MISSING}


def _check_keys(workload: Resource, stack: Stack) -> Iterator[str]:
    all_pods = stack.derive(pods)
    workload_pods = next(entry for entry in all_pods if entry.workload is workload)
    if not (slot := workload_pods.labels.get(SLOT)):
        return
    for entry in all_pods:
        other_slot = entry.labels.get(SLOT)
        if entry.namespace == workload_pods.namespace and other_slot and other_slot != slot:
            for name in sorted(_secret_names(workload_pods) & _secret_names(entry)):
                yield (
                    f"spec.template.spec.volumes: two slots share a node key; got {name} also in slot {other_slot}; "
                    "expected a Secret per slot"
                )


def _slot_sizes(namespace: str, stack: Stack) -> Mapping[str, float]:
    """Return the number of nodes per slot of a namespace."""
    sizes: defaultdict[str, float] = defaultdict(float)
    for entry in stack.derive(pods):
        if entry.namespace == namespace and entry.workload.type in _NODES and (slot := entry.labels.get(SLOT)):
            count = entry.workload.inputs["spec"].get("replicas")
            sizes[slot] += 1.0 if count is None else float(count)
    return sizes


def _active_slot(service: Resource) -> str | None:
    slot: str | None = (metadata(service).get("annotations") or {}).get(ACTIVE)
    return slot


def _check_active_slot(service: Resource, stack: Stack) -> Iterator[str]:
    slot = _active_slot(service)
    if slot and not (sizes := _slot_sizes(namespace_of(service, stack), stack)).get(slot):
        yield (
            f"metadata.annotations: the active slot has no node; got {slot}; expected one of "
            f"{', '.join(sorted(sizes)) or 'none'}"
        )


def _check_slot_size(service: Resource, stack: Stack) -> Iterator[str]:
    slot = _active_slot(service)
    if not slot:
        return
    sizes = _slot_sizes(namespace_of(service, stack), stack)
    for candidate in sizes:
        if sizes.get(slot, 0.0) and sizes[candidate] > sizes[slot]:
            yield (
                f"metadata.annotations: the active slot is smaller than the other; got {sizes[slot]:g} nodes in "
                f"{slot}; expected at least {sizes[candidate]:g} as in {candidate}"
            )


def _check_grace_period(workload: Resource, stack: Stack) -> Iterator[str]:
    workload_pods = next(entry for entry in stack.derive(pods) if entry.workload is workload)
    if workload_pods.labels.get(SLOT):
        grace = workload_pods.spec.get("terminationGracePeriodSeconds")
        if grace is not None and float(grace) < _DRAIN_S:
            path = "spec.template.spec.terminationGracePeriodSeconds"
            yield f"{path}: a node is killed while it drains; got {float(grace):g} s; expected at least {_DRAIN_S:g} s"


_rule = partial(StackRule, types=(SERVICE,), severity=Severity.HIGH, absent=Absence.ALLOW, reference=_REFERENCE)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="kubernetes-slots-nodes-deny-shared-keys",
        types=_NODES,
        severity=Severity.CRITICAL,
        why="Two nodes that sign with one key contradict each other, and the network treats both as malicious.",
        remedy="Set volumes to a Secret per slot, with keys derived from the slot's names.",
        check=_check_keys,
    ),
    _rule(
        id="kubernetes-slots-service-match-slot",
        severity=Severity.CRITICAL,
        why="Clients are routed to a slot without a node.",
        remedy="Set the annotation pouw.dev/active-slot to a deployed slot, after all its nodes are ready.",
        check=_check_active_slot,
    ),
    _rule(
        id="kubernetes-slots-service-match-size",
        why="A serving slot with fewer nodes than the one it replaces fails under the load.",
        remedy="Set replicas of the new slot to its full size before the switch, and remove the old slot after it.",
        check=_check_slot_size,
    ),
    _rule(
        id="kubernetes-slots-nodes-limit-grace",
        types=_NODES,
        severity=Severity.MEDIUM,
        why="At the end of a release, the old slot is killed while it processes requests.",
        remedy="Set terminationGracePeriodSeconds: 30.",
        check=_check_grace_period,
    ),
)
