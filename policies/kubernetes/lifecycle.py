"""Rules about the life cycle of pods: requests and limits, probes, termination and priority."""

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


def _check_requests(container: Props) -> Iterator[str]:
    for amount in ("cpu", "memory"):
        yield from must_be_set(f"resources.requests.{amount}")(container)


def _check_readiness(container: Props) -> Iterator[str]:
    if container.get("ports") and not container.get("readinessProbe"):
        yield "readinessProbe: clients reach the container before it is ready; got nothing; expected a probe"


def _check_liveness(container: Props) -> Iterator[str]:
    if not container.get("livenessProbe"):
        yield "livenessProbe: a container that hangs is not restarted; got nothing; expected a probe"


def _check_probe_tolerance(container: Props) -> Iterator[str]:
    ready, live = container.get("readinessProbe") or {}, container.get("livenessProbe") or {}
    if ready and live and _probe_target(ready) == _probe_target(live) and _tolerance(live) <= _tolerance(ready):
        yield (
            "livenessProbe: a slow container is restarted; got the readiness check without more tolerance; expected a "
            "later failure"
        )


def _probe_target(probe: Props) -> object:
    handler = next((name for name in _HANDLERS if probe.get(name)), "")
    options = probe.get(handler) or {}
    return handler, [(key, options[key]) for key in ("path", "port", "service") if key in tuple(options)]


def _tolerance(probe: Props) -> float:
    return float(probe.get("periodSeconds") or 10) * float(probe.get("failureThreshold") or 3)


def _check_grace_period(spec: Props) -> Iterator[str]:
    grace = spec.get("terminationGracePeriodSeconds")
    grace = _DEFAULT_GRACE if grace is None else float(grace)
    if grace < 1:
        yield "terminationGracePeriodSeconds: the program is killed during its work; got 0; expected at least 1"
    for path, seconds in find(spec, "containers[*].lifecycle.preStop.sleep.seconds"):
        if isinstance(seconds, int | float) and seconds >= grace > 0:
            yield (
                f"{path}: no time remains for the program after preStop; got {seconds:g} s; expected less than "
                f"{grace:g} s"
            )


def _check_priority(spec: Props) -> Iterator[str]:
    priority_class = spec.get("priorityClassName") or ""
    if priority_class.startswith("system-"):
        yield (
            f"priorityClassName: the priority is reserved for the cluster; got {priority_class}; expected a class of "
            "your own"
        )


_rule = partial(Rule, types=WORKLOADS, severity=Severity.MEDIUM, absent=Absence.DENY, reference=_RESOURCES)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="kubernetes-pods-container-require-requests",
        why="The scheduler places a pod without requests on a full node, where it is evicted first.",
        remedy="Set resources.requests.cpu and resources.requests.memory.",
        check=in_containers(_check_requests, long_running=True),
    ),
    _rule(
        id="kubernetes-pods-container-require-memorylimit",
        why="One memory leak exhausts the memory of every pod on the node.",
        remedy="Set resources.limits.memory.",
        check=in_containers(must_be_set("resources.limits.memory")),
    ),
    _rule(
        id="kubernetes-pods-container-require-readiness",
        types=(DEPLOYMENT, STATEFUL_SET),
        why="Clients reach a pod before it is ready, and keep reaching one that no longer answers.",
        remedy="Add a readinessProbe.",
        reference=_PROBES,
        check=in_containers(_check_readiness, long_running=True),
    ),
    _rule(
        id="kubernetes-pods-container-require-liveness",
        types=SERVING,
        severity=Severity.LOW,
        level=Level.ADVISORY,
        why="A program that hangs looks like one that works, and is not restarted.",
        remedy="Add a livenessProbe that depends on nothing but the program itself.",
        reference=_PROBES,
        check=in_containers(_check_liveness, long_running=True),
    ),
    _rule(
        id="kubernetes-pods-container-match-probes",
        types=SERVING,
        absent=Absence.ALLOW,
        why="Under load every pod fails both probes at once, and the restarts increase the load.",
        remedy="Set failureThreshold or periodSeconds of livenessProbe above those of readinessProbe, or check less.",
        reference=_PROBES,
        check=in_containers(_check_probe_tolerance, long_running=True),
    ),
    _rule(
        id="kubernetes-pods-pod-match-grace",
        absent=Absence.ALLOW,
        why="A program that is killed during its work loses that work.",
        remedy="Set terminationGracePeriodSeconds above the duration of preStop and the program's shutdown.",
        reference=_LIFE,
        check=in_pod(_check_grace_period),
    ),
    _rule(
        id="kubernetes-pods-pod-deny-systempriority",
        absent=Absence.ALLOW,
        why="A workload with a system priority evicts others, and survives when a node runs out of resources.",
        remedy="Set priorityClassName to a PriorityClass of your own.",
        reference="https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/",
        check=in_pod(_check_priority),
    ),
    _rule(
        id="kubernetes-apps-statefulset-match-updates",
        types=(STATEFUL_SET,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="Pods that are updated only after a manual deletion run an outdated program unnoticed.",
        remedy="Set updateStrategy.type: RollingUpdate.",
        reference="https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#update-strategies",
        check=must_not_be("spec.updateStrategy.type", "OnDelete"),
    ),
    _rule(
        id="kubernetes-apps-deployment-require-history",
        types=(DEPLOYMENT, STATEFUL_SET, ROLLOUT),
        severity=Severity.LOW,
        absent=Absence.ALLOW,
        why="Without an earlier revision, a rollback is impossible.",
        remedy="Set revisionHistoryLimit to at least 1. The default is 10.",
        reference="https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#clean-up-policy",
        check=may_be_at_least("spec.revisionHistoryLimit", 1),
    ),
)
