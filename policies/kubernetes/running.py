"""What keeps a pod alive and leaves room for others: amounts, probes, its end, priority."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from policies.checks import find, may_be_at_least, must_be_set, must_not_be
from policies.kubernetes.manifests import (
    DEPLOYMENT,
    ROLLOUT,
    SERVING,
    STATEFUL_SET,
    WORKLOADS,
    Props,
    in_containers,
    in_pod,
)
from policies.rule import Absence, AnyRule, Level, Rule, Severity

_RESOURCES = "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/"
_PROBES = "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/"
_LIFE = "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/"
_DEFAULT_GRACE = 30
_HANDLERS = ("httpGet", "tcpSocket", "grpc", "exec")


def _asks_for_room(container: Props) -> Iterator[str]:
    for amount in ("cpu", "memory"):
        yield from must_be_set(f"resources.requests.{amount}")(container)


def _is_probed_before_it_serves(container: Props) -> Iterator[str]:
    if container.get("ports") and not container.get("readinessProbe"):
        yield "readinessProbe: is missing, so clients are sent to it before it can answer"


def _is_watched(container: Props) -> Iterator[str]:
    if not container.get("livenessProbe"):
        yield "livenessProbe: is missing, so one that hangs stays"


def _outlasts_readiness(container: Props) -> Iterator[str]:
    ready, live = container.get("readinessProbe") or {}, container.get("livenessProbe") or {}
    if ready and live and _question(ready) == _question(live) and _patience(live) <= _patience(ready):
        yield "livenessProbe: asks what readiness asks, and is no more patient: what is only slow is killed"


def _question(probe: Props) -> object:
    handler = next((name for name in _HANDLERS if probe.get(name)), "")
    asked = probe.get(handler) or {}
    return handler, [(key, asked[key]) for key in ("path", "port", "service") if key in tuple(asked)]


def _patience(probe: Props) -> float:
    return float(probe.get("periodSeconds") or 10) * float(probe.get("failureThreshold") or 3)


def _has_time_to_end(spec: Props) -> Iterator[str]:
    grace = spec.get("terminationGracePeriodSeconds")
    grace = _DEFAULT_GRACE if grace is None else float(grace)
    if grace < 1:
        yield "terminationGracePeriodSeconds: is 0, so the program is killed in the middle of what it does"
    for at, seconds in find(spec, "containers[*].lifecycle.preStop.sleep.seconds"):
        if isinstance(seconds, int | float) and seconds >= grace > 0:
            yield f"{at}: leaves none of the {grace:g} s of grace to the program"


def _has_ordinary_priority(spec: Props) -> Iterator[str]:
    named = spec.get("priorityClassName") or ""
    if named.startswith("system-"):
        yield f"priorityClassName: is {named}, which takes the place of everything but the cluster itself"


_rule = partial(Rule, types=WORKLOADS, severity=Severity.MEDIUM, absent=Absence.DENY, reference=_RESOURCES)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="kubernetes-pods-container-require-requests",
        why="The scheduler puts what asks for nothing onto a full node, where it is the first to be evicted.",
        remedy="Set resources.requests.cpu and resources.requests.memory.",
        check=in_containers(_asks_for_room, started_for_good=True),
    ),
    _rule(
        id="kubernetes-pods-container-require-memorylimit",
        why="One leak takes the memory of every pod of the node.",
        remedy="Set resources.limits.memory.",
        check=in_containers(must_be_set("resources.limits.memory")),
    ),
    _rule(
        id="kubernetes-pods-container-require-readiness",
        types=(DEPLOYMENT, STATEFUL_SET),
        why="Clients are sent to a pod as soon as it runs, and stay with one that no longer answers.",
        remedy="Add a readinessProbe.",
        reference=_PROBES,
        check=in_containers(_is_probed_before_it_serves, started_for_good=True),
    ),
    _rule(
        id="kubernetes-pods-container-require-liveness",
        types=SERVING,
        severity=Severity.LOW,
        level=Level.ADVISORY,
        why="A program that hangs looks as alive as one that works.",
        remedy="Add a livenessProbe that asks for nothing but the program itself.",
        reference=_PROBES,
        check=in_containers(_is_watched, started_for_good=True),
    ),
    _rule(
        id="kubernetes-pods-container-match-probes",
        types=SERVING,
        absent=Absence.ALLOW,
        why="Under load every pod fails both at once, and the restarts make the load worse.",
        remedy="Let liveness fail later than readiness, or ask for less.",
        reference=_PROBES,
        check=in_containers(_outlasts_readiness, started_for_good=True),
    ),
    _rule(
        id="kubernetes-pods-pod-match-grace",
        absent=Absence.ALLOW,
        why="A program that is killed in the middle loses what it had taken on.",
        remedy="Set terminationGracePeriodSeconds above the time of preStop and of the program's own end.",
        reference=_LIFE,
        check=in_pod(_has_time_to_end),
    ),
    _rule(
        id="kubernetes-pods-pod-deny-systempriority",
        absent=Absence.ALLOW,
        why="A workload with the cluster's own priority evicts others, and is kept when a node runs out.",
        remedy="Make a PriorityClass of your own.",
        reference="https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/",
        check=in_pod(_has_ordinary_priority),
    ),
    _rule(
        id="kubernetes-apps-statefulset-match-updates",
        types=(STATEFUL_SET,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="Pods that change only once somebody deletes them run yesterday's program unnoticed.",
        remedy="Set updateStrategy.type: RollingUpdate.",
        reference="https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#update-strategies",
        check=must_not_be("spec.updateStrategy.type", "OnDelete"),
    ),
    _rule(
        id="kubernetes-apps-deployment-require-history",
        types=(DEPLOYMENT, STATEFUL_SET, ROLLOUT),
        severity=Severity.LOW,
        absent=Absence.ALLOW,
        why="Without an earlier revision there is nothing to go back to.",
        remedy="Set revisionHistoryLimit to 1 or more; the default is 10.",
        reference="https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#clean-up-policy",
        check=may_be_at_least("spec.revisionHistoryLimit", 1),
    ),
)
