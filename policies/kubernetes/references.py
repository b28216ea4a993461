"""What workloads name and need: accounts, configuration, claims, services. Only where the stack owns the namespace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from policies.checks import MISSING, find
from policies.kubernetes.manifests import (
    DAEMON_SET,
    DEPLOYMENT,
    REPLICA_SET,
    ROLLOUT,
    STATEFUL_SET,
    WORKLOADS,
    Props,
    containers,
    has_pods_elsewhere,
    pod,
    template,
)
from policies.kubernetes.relations import SERVICE, find_named, owns, place, selects
from policies.rule import Absence, AnyRule, Rule, Severity, StackRule
from policies.stack import Resource, Stack

ACCOUNT = "kubernetes:core/v1:ServiceAccount"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"  # noqa: S105 - a type
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
_PODS = "https://kubernetes.io/docs/concepts/workloads/pods/"


def _named(kind: str, variable: str, source: str, key: str = "name") -> Callable[[Props], Iterator[tuple[str, str]]]:
    """A reader of every name of a kind that a pod cannot start without, with its path."""

    def read(props: Props) -> Iterator[tuple[str, str]]:
        at, spec = pod(props)
        places = [(at, spec, f"volumes[*].{kind}", key), (at, spec, f"volumes[*].projected.sources[*].{kind}", "name")]
        for where, container in containers(props):
            places.append((where, container, f"env[*].valueFrom.{variable}", "name"))
            places.append((where, container, f"envFrom[*].{source}", "name"))
        for where, node, holder, named in places:
            for path, found in find(node, holder):
                if found is not MISSING and not found.get("optional") and found.get(named):
                    yield f"{where}.{path}.{named}", found[named]

    return read


def _claims(props: Props) -> Iterator[tuple[str, str]]:
    at, _ = pod(props)
    for path, name in find(props, f"{at}.volumes[*].persistentVolumeClaim.claimName"):
        if isinstance(name, str):
            yield path, name


def _accounts(props: Props) -> Iterator[tuple[str, str]]:
    at, spec = pod(props)
    name = spec.get("serviceAccountName") or "default"
    if name != "default":
        yield f"{at}.serviceAccountName", name


def _exist(
    names: Callable[[Props], Iterator[tuple[str, str]]], kind: str
) -> Callable[[Resource, Stack], Iterator[str]]:
    """A check that everything that a workload names is declared beside it."""

    def check(workload: Resource, stack: Stack) -> Iterator[str]:
        where = place(workload, stack)
        if not _is_declared(where, stack):
            return
        for path, name in dict(names(workload.inputs)).items():
            if find_named((kind,), name, where, stack) is None:
                yield f"{path}: no {kind.rpartition(':')[2]} {name} is in its namespace"

    return check


def _is_declared(where: str, stack: Stack) -> bool:
    return where.startswith("urn:") and owns(where, stack)


def _has_its_service(workload: Resource, stack: Stack) -> Iterator[str]:
    name = workload.inputs["spec"].get("serviceName")
    found = find_named((SERVICE,), name, place(workload, stack), stack) if name else None
    if not name:
        yield "spec.serviceName: is missing, so its pods have no names"
    elif found is None:
        yield f"spec.serviceName: no Service {name} is in its namespace"
    elif found.inputs["spec"].get("clusterIP") != "None":
        yield f"spec.serviceName: {name} is not headless, so its pods have no names"


def _selects_its_own(workload: Props) -> Iterator[str]:
    if has_pods_elsewhere(workload):
        return
    labels = (template(workload).get("metadata") or {}).get("labels") or {}
    selector = workload["spec"].get("selector") or {}
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield "spec.selector: is empty"
    elif not selects(selector, labels):
        yield "spec.selector: does not select the pods of its own template"


_rule = partial(StackRule, types=WORKLOADS, severity=Severity.MEDIUM, absent=Absence.DENY, reference=_PODS)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="kubernetes-pods-pod-match-account",
        why="Without its account no pod is made, and only the controller says so.",
        remedy="Declare the ServiceAccount, or name the one that is meant.",
        reference="https://kubernetes.io/docs/concepts/security/service-accounts/",
        check=_exist(_accounts, ACCOUNT),
    ),
    _rule(
        id="kubernetes-pods-pod-match-configmaps",
        why="A pod that needs a ConfigMap which is not there waits for it for ever.",
        remedy="Declare the ConfigMap, or name the one that is meant.",
        reference="https://kubernetes.io/docs/concepts/configuration/configmap/",
        check=_exist(_named("configMap", "configMapKeyRef", "configMapRef"), CONFIG_MAP),
    ),
    _rule(
        id="kubernetes-pods-pod-match-secrets",
        why="A pod that needs a Secret which is not there waits for it for ever, or for whoever makes one.",
        remedy="Declare the Secret, or name the one that is meant.",
        reference="https://kubernetes.io/docs/concepts/configuration/secret/",
        check=_exist(_named("secret", "secretKeyRef", "secretRef", "secretName"), SECRET),
    ),
    _rule(
        id="kubernetes-pods-pod-match-claims",
        why="A pod whose claim is not there is never scheduled.",
        remedy="Declare the PersistentVolumeClaim, or name the one that is meant.",
        reference="https://kubernetes.io/docs/concepts/storage/persistent-volumes/",
        check=_exist(_claims, CLAIM),
    ),
    _rule(
        id="kubernetes-apps-statefulset-match-service",
        types=(STATEFUL_SET,),
        why="Pods of a StatefulSet have names only through a headless Service, and find each other by them.",
        remedy="Name a Service of the namespace with clusterIP: None.",
        reference="https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-network-id",
        check=_has_its_service,
    ),
    Rule(
        id="kubernetes-apps-workload-match-selector",
        types=(DEPLOYMENT, STATEFUL_SET, DAEMON_SET, REPLICA_SET, ROLLOUT),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The API server refuses a workload that does not select its own pods, in the middle of a deployment.",
        remedy="Give the template the labels of the selector.",
        reference="https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#selector",
        check=_selects_its_own,
    ),
)
