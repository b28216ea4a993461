"""What a pod may do to the machine under it: the restricted Pod Security Standard, and CIS section 5.2."""

from __future__ import annotations

from collections.abc import Iterator

from policies.checks import must_be, must_not_be, must_not_be_set
from policies.kubernetes.manifests import (
    JOB,
    POD,
    REPLICA_SET,
    WORKLOADS,
    Props,
    containers,
    in_containers,
    in_pod,
    pod,
)
from policies.rule import Absence, Addition, AnyRule, Level, Rule, Severity, Surroundings

_STANDARD = "https://kubernetes.io/docs/concepts/security/pod-security-standards/"


def _runs_as_non_root(props: Props) -> Iterator[str]:
    at, spec = pod(props)
    inherited = (spec.get("securityContext") or {}).get("runAsNonRoot")
    for where, container in containers(props):
        own = (container.get("securityContext") or {}).get("runAsNonRoot")
        if (inherited if own is None else own) is not True:
            place = f"{at}.securityContext" if own is None else f"{where}.securityContext"
            yield f"{place}.runAsNonRoot: {where} may run as root"


def _has_seccomp(props: Props) -> Iterator[str]:
    at, spec = pod(props)
    inherited = _seccomp(spec)
    for where, container in containers(props):
        own = _seccomp(container)
        if (own or inherited) not in ("RuntimeDefault", "Localhost"):
            yield f"{where if own else at}.securityContext.seccompProfile.type: {where} makes system calls unfiltered"


def _seccomp(node: Props) -> str | None:
    kind: str | None = ((node.get("securityContext") or {}).get("seccompProfile") or {}).get("type")
    return kind


def _drops_capabilities(props: Props) -> Iterator[str]:
    for where, container in containers(props):
        dropped = ((container.get("securityContext") or {}).get("capabilities") or {}).get("drop") or ()
        if "ALL" not in dropped:
            yield f"{where}.securityContext.capabilities.drop: does not name ALL"


def _adds_no_capability(props: Props) -> Iterator[str]:
    for where, container in containers(props):
        added = ((container.get("securityContext") or {}).get("capabilities") or {}).get("add") or ()
        for index in range(len(added)):
            if added[index] != "NET_BIND_SERVICE":
                yield f"{where}.securityContext.capabilities.add[{index}]: adds {added[index]}"


def _forbids_escalation(props: Props, around: Surroundings) -> Iterator[Addition]:
    """A container that dropped everything has nothing to gain from a setuid program; any other may need one."""
    if around.type in (POD, JOB, REPLICA_SET):
        return  # a change makes them anew, and runs a job again; a replica set's pods would not have it
    for where, container in containers(props):
        context = container.get("securityContext") or {}
        capabilities = context.get("capabilities") or {}
        gains = context.get("privileged") or capabilities.get("add")
        if context.get("allowPrivilegeEscalation") is None and "ALL" in (capabilities.get("drop") or ()) and not gains:
            yield f"{where}.securityContext.allowPrivilegeEscalation", False


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="kubernetes-pods-container-deny-privileged",
        types=WORKLOADS,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="A privileged container is root on the node that it runs on.",
        remedy="Remove privileged, and grant the one capability or device that is needed.",
        reference=_STANDARD,
        check=in_containers(must_not_be("securityContext.privileged", True)),
    ),
    Rule(
        id="kubernetes-pods-container-deny-escalation",
        types=WORKLOADS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without it, a setuid program gives a process more than its parent had; the default lets it.",
        remedy="Set allowPrivilegeEscalation: false in the container's securityContext.",
        reference=_STANDARD,
        check=in_containers(must_be("securityContext.allowPrivilegeEscalation", False)),
        fix=_forbids_escalation,
    ),
    Rule(
        id="kubernetes-pods-container-require-nonroot",
        types=WORKLOADS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Root in a container is root on the node as soon as one wall gives way.",
        remedy="Set runAsNonRoot: true for the pod, and run the image under a numeric user.",
        reference=_STANDARD,
        check=_runs_as_non_root,
    ),
    Rule(
        id="kubernetes-pods-container-require-seccomp",
        types=WORKLOADS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Most ways out of a container go through system calls that no service needs.",
        remedy="Set seccompProfile.type: RuntimeDefault for the pod.",
        reference=_STANDARD,
        check=_has_seccomp,
    ),
    Rule(
        id="kubernetes-pods-container-require-dropping",
        types=WORKLOADS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A container starts with capabilities that it does not need and an intruder does.",
        remedy="Drop ALL capabilities in the container's securityContext.",
        reference=_STANDARD,
        check=_drops_capabilities,
    ),
    Rule(
        id="kubernetes-pods-container-deny-capabilities",
        types=WORKLOADS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="An added capability such as SYS_ADMIN is close to root on the node.",
        remedy="Remove it; only NET_BIND_SERVICE may be added.",
        reference=_STANDARD,
        check=_adds_no_capability,
    ),
    Rule(
        id="kubernetes-pods-container-require-readonlyroot",
        types=WORKLOADS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Whoever gets into a container with a writable file system can leave programs there.",
        remedy="Set readOnlyRootFilesystem: true, and mount an emptyDir where the program writes.",
        reference="https://kubernetes.io/docs/tasks/configure-pod-container/security-context/",
        check=in_containers(must_be("securityContext.readOnlyRootFilesystem", True)),
    ),
    Rule(
        id="kubernetes-pods-pod-deny-hostnetwork",
        types=WORKLOADS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A pod on the node's network reaches what listens on the node only, and no network policy holds it.",
        remedy="Remove hostNetwork, and expose the port through a Service.",
        reference=_STANDARD,
        check=in_pod(must_not_be("hostNetwork", True)),
    ),
    Rule(
        id="kubernetes-pods-pod-deny-hostpath",
        types=WORKLOADS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A path of the node inside a pod is a way to the node's keys and to every other pod.",
        remedy="Use a persistent volume claim, a ConfigMap or an emptyDir.",
        reference=_STANDARD,
        check=in_pod(must_not_be_set("volumes[*].hostPath")),
    ),
    Rule(
        id="kubernetes-pods-pod-deny-token",
        types=WORKLOADS,
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A token of the API in every pod is a token for whoever gets into one.",
        remedy="Set automountServiceAccountToken: false where the program does not talk to the API.",
        reference="https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/",
        check=in_pod(must_be("automountServiceAccountToken", False)),
    ),
)
