"""Rules about the dependencies of workloads: accounts, configuration, claims and services.

They apply only in namespaces that the stack owns.
"""

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
from policies.kubernetes.references import SERVICE, find_named, namespace_of, owns, selects
from policies.rule import Absence, AnyRule, Rule, Severity, StackRule
from policies.stack import Resource, Stack

ACCOUNT = "kubernetes:core/v1:ServiceAccount"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"  # noqa: S105 - a type
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
PUBLISHED = frozenset({"kube-root-ca.crt"})
"""ConfigMaps that the cluster creates in every namespace."""
_PODS = "https://kubernetes.io/docs/concepts/workloads/pods/"


def _required_names(
    kind: str, variable: str, source: str, key: str = "name"
) -> Callable[[Props], Iterator[tuple[str, str]]]:
    """Return a reader of every required name of one kind in a pod, with its path."""

    def read(props: Props) -> Iterator[tuple[str, str]]:
        path, spec = pod(props)
        locations = [
            (path, spec, f"volumes[*].{kind}", key),
            (path, spec, f"volumes[*].projected.sources[*].{kind}", "name"),
        ]
        for location, container in containers(props):
            locations.append((location, container, f"env[*].valueFrom.{variable}", "name"))
            locations.append((location, container, f"envFrom[*].{source}", "name"))
        for location, node, holder, field in locations:
            for inner_path, source_spec in find(node, holder):
                if source_spec is not MISSING and not source_spec.get("optional") and source_spec.get(field):
                    yield f"{location}.{inner_path}.{field}", source_spec[field]

    return read


def _claims(props: Props) -> Iterator[tuple[str, str]]:
    path, _ = pod(props)
    for inner_path, name in find(props, f"{path}.volumes[*].persistentVolumeClaim.claimName"):
        if isinstance(name, str):
            yield inner_path, name


def _accounts(props: Props) -> Iterator[tuple[str, str]]:
    path, spec = pod(props)
    name = spec.get("serviceAccountName") or "default"
    if name != "default":
        yield f"{path}.serviceAccountName", name


def _must_exist(
    names: Callable[[Props], Iterator[tuple[str, str]]], kind: str
) -> Callable[[Resource, Stack], Iterator[str]]:
    """Return a check that the stack declares every object that a workload references."""

    def check(workload: Resource, stack: Stack) -> Iterator[str]:
        namespace = namespace_of(workload, stack)
        if not _is_declared(namespace, stack):
            return
        for path, name in dict(names(workload.inputs)).items():
            if name not in PUBLISHED and find_named((kind,), name, namespace, stack) is None:
                yield (
                    f"{path}: the object does not exist; got {name}; expected a {kind.rpartition(':')[2]} of the "
                    "namespace"
                )

    return check


def _is_declared(namespace: str, stack: Stack) -> bool:
    return namespace.startswith("urn:") and owns(namespace, stack)


def _check_service(workload: Resource, stack: Stack) -> Iterator[str]:
    name = workload.inputs["spec"].get("serviceName")
    service = find_named((SERVICE,), name, namespace_of(workload, stack), stack) if name else None
    if not name:
        yield "spec.serviceName: the pods have no DNS names; got nothing; expected a headless Service"
    elif service is None:
        yield f"spec.serviceName: the Service does not exist; got {name}; expected a Service of the namespace"
    elif service.inputs["spec"].get("clusterIP") != "None":
        yield f"spec.serviceName: the pods have no DNS names; got {name} with a cluster IP; expected clusterIP: None"


def _check_selector(workload: Props) -> Iterator[str]:
    if has_pods_elsewhere(workload):
        return
    labels = (template(workload).get("metadata") or {}).get("labels") or {}
    selector = workload["spec"].get("selector") or {}
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        yield "spec.selector: is empty; got nothing; expected labels of the pod template"
    elif not selects(selector, labels):
        yield (
            "spec.selector: the selector does not match the pod template; got other labels; expected labels of the "
            "template"
        )


_rule = partial(StackRule, types=WORKLOADS, severity=Severity.MEDIUM, absent=Absence.DENY, reference=_PODS)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="kubernetes-pods-pod-match-account",
        why="Without its account no pod is created, and only the controller reports it.",
        remedy="Add the ServiceAccount, or set serviceAccountName to an existing one.",
        reference="https://kubernetes.io/docs/concepts/security/service-accounts/",
        check=_must_exist(_accounts, ACCOUNT),
    ),
    _rule(
        id="kubernetes-pods-pod-match-configmaps",
        why="A pod waits indefinitely for a missing ConfigMap.",
        remedy="Add the ConfigMap, or set name to an existing one.",
        reference="https://kubernetes.io/docs/concepts/configuration/configmap/",
        check=_must_exist(_required_names("configMap", "configMapKeyRef", "configMapRef"), CONFIG_MAP),
    ),
    _rule(
        id="kubernetes-pods-pod-match-secrets",
        why="A pod waits indefinitely for a missing Secret, and would accept one from an attacker.",
        remedy="Add the Secret, or set the name to an existing one.",
        reference="https://kubernetes.io/docs/concepts/configuration/secret/",
        check=_must_exist(_required_names("secret", "secretKeyRef", "secretRef", "secretName"), SECRET),
    ),
    _rule(
        id="kubernetes-pods-pod-match-claims",
        why="A pod with a missing claim is never scheduled.",
        remedy="Add the PersistentVolumeClaim, or set claimName to an existing one.",
        reference="https://kubernetes.io/docs/concepts/storage/persistent-volumes/",
        check=_must_exist(_claims, CLAIM),
    ),
    _rule(
        id="kubernetes-apps-statefulset-match-service",
        types=(STATEFUL_SET,),
        why="Pods of a StatefulSet have DNS names, by which they find each other, only through a headless Service.",
        remedy="Set serviceName to a Service of the namespace with clusterIP: None.",
        reference="https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-network-id",
        check=_check_service,
    ),
    Rule(
        id="kubernetes-apps-workload-match-selector",
        types=(DEPLOYMENT, STATEFUL_SET, DAEMON_SET, REPLICA_SET, ROLLOUT),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The API server rejects a workload that does not select its own pods, and the deployment fails midway.",
        remedy="Set the labels of the pod template to those of selector.",
        reference="https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#selector",
        check=_check_selector,
    ),
)
