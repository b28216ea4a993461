"""Rules about the privileges of pods: the restricted Pod Security Standard and CIS section 5.2."""

from __future__ import annotations

from collections.abc import Iterator

from policies.checks import format_value, must_be, must_not_be, must_not_be_set
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
from policies.rule import Absence, Addition, AnyRule, FixContext, Level, Rule, Severity

_STANDARD = "https://kubernetes.io/docs/concepts/security/pod-security-standards/"


def _check_non_root(props: Props) -> Iterator[str]:
    path, spec = pod(props)
    inherited = (spec.get("securityContext") or {}).get("runAsNonRoot")
    for container_path, container in containers(props):
        container_value = (container.get("securityContext") or {}).get("runAsNonRoot")
        if (inherited if container_value is None else container_value) is not True:
            context_path = f"{path}.securityContext" if container_value is None else f"{container_path}.securityContext"
            yield f"{context_path}.runAsNonRoot: {container_path} may run as root; got nothing or false; expected true"


def _check_seccomp(props: Props) -> Iterator[str]:
    path, spec = pod(props)
    inherited = _seccomp_profile(spec)
    for container_path, container in containers(props):
        container_profile = _seccomp_profile(container)
        if (container_profile or inherited) not in ("RuntimeDefault", "Localhost"):
            yield (
                f"{container_path if container_profile else path}.securityContext.seccompProfile.type: "
                f"{container_path} may use all system calls; got {format_value(container_profile or inherited)}; "
                "expected RuntimeDefault or Localhost"
            )


def _seccomp_profile(node: Props) -> str | None:
    profile: str | None = ((node.get("securityContext") or {}).get("seccompProfile") or {}).get("type")
    return profile


def _check_dropped_capabilities(props: Props) -> Iterator[str]:
    for container_path, container in containers(props):
        dropped = ((container.get("securityContext") or {}).get("capabilities") or {}).get("drop") or ()
        if "ALL" not in dropped:
            yield (
                f"{container_path}.securityContext.capabilities.drop: capabilities are not dropped; got "
                f"{format_value(list(dropped))}; expected ALL"
            )


def _check_added_capabilities(props: Props) -> Iterator[str]:
    for container_path, container in containers(props):
        capabilities = ((container.get("securityContext") or {}).get("capabilities") or {}).get("add") or ()
        for index in range(len(capabilities)):
            if capabilities[index] != "NET_BIND_SERVICE":
                yield (
                    f"{container_path}.securityContext.capabilities.add[{index}]: the capability is not allowed; got "
                    f"{capabilities[index]}; expected only NET_BIND_SERVICE"
                )


def _fix_escalation(props: Props, fix_context: FixContext) -> Iterator[Addition]:
    """Yield allowPrivilegeEscalation for containers without capabilities. Other containers may need setuid programs."""
    if fix_context.type in (POD, JOB, REPLICA_SET):
        return  # a change would replace these, or run a job again
    for container_path, container in containers(props):
        context = container.get("securityContext") or {}
        capabilities = context.get("capabilities") or {}
        has_privileges = context.get("privileged") or capabilities.get("add")
        if (
            context.get("allowPrivilegeEscalation") is None
            and "ALL" in (capabilities.get("drop") or ())
            and not has_privileges
        ):
            yield f"{container_path}.securityContext.allowPrivilegeEscalation", False


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="kubernetes-pods-container-deny-privileged",
        types=WORKLOADS,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="A privileged container is root on its node.",
        remedy="Remove privileged, and add the one required capability or device.",
        reference=_STANDARD,
        check=in_containers(must_not_be("securityContext.privileged", True)),
    ),
    Rule(
        id="kubernetes-pods-container-deny-escalation",
        types=WORKLOADS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="By default a setuid program can give a process more privileges than its parent.",
        remedy="Set allowPrivilegeEscalation: false in the container's securityContext.",
        reference=_STANDARD,
        check=in_containers(must_be("securityContext.allowPrivilegeEscalation", False)),
        fix=_fix_escalation,
    ),
    Rule(
        id="kubernetes-pods-container-require-nonroot",
        types=WORKLOADS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Root in a container becomes root on the node after a single container escape.",
        remedy="Set runAsNonRoot: true on the pod, and run the image under a numeric user.",
        reference=_STANDARD,
        check=_check_non_root,
    ),
    Rule(
        id="kubernetes-pods-container-require-seccomp",
        types=WORKLOADS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Most container escapes use system calls that no service needs.",
        remedy="Set seccompProfile.type: RuntimeDefault on the pod.",
        reference=_STANDARD,
        check=_check_seccomp,
    ),
    Rule(
        id="kubernetes-pods-container-require-dropping",
        types=WORKLOADS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A container starts with capabilities that it does not need, but an intruder can use.",
        remedy="Set capabilities.drop: [ALL] in the container's securityContext.",
        reference=_STANDARD,
        check=_check_dropped_capabilities,
    ),
    Rule(
        id="kubernetes-pods-container-deny-capabilities",
        types=WORKLOADS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="An added capability such as SYS_ADMIN is nearly equal to root on the node.",
        remedy="Remove the entry from capabilities.add. Only NET_BIND_SERVICE is permitted.",
        reference=_STANDARD,
        check=_check_added_capabilities,
    ),
    Rule(
        id="kubernetes-pods-container-require-readonlyroot",
        types=WORKLOADS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="An intruder can install programs in a container with a writable file system.",
        remedy="Set readOnlyRootFilesystem: true, and mount an emptyDir where the program writes.",
        reference="https://kubernetes.io/docs/tasks/configure-pod-container/security-context/",
        check=in_containers(must_be("securityContext.readOnlyRootFilesystem", True)),
    ),
    Rule(
        id="kubernetes-pods-pod-deny-hostnetwork",
        types=WORKLOADS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A pod on the node's network reaches node-local services, and no network policy applies to it.",
        remedy="Remove hostNetwork, and expose the port through a Service.",
        reference=_STANDARD,
        check=in_pod(must_not_be("hostNetwork", True)),
    ),
    Rule(
        id="kubernetes-pods-pod-deny-hostpath",
        types=WORKLOADS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A host path can expose the node's keys and the data of every other pod.",
        remedy="Replace hostPath by a persistentVolumeClaim, a configMap or an emptyDir.",
        reference=_STANDARD,
        check=in_pod(must_not_be_set("volumes[*].hostPath")),
    ),
    Rule(
        id="kubernetes-pods-pod-deny-token",
        types=WORKLOADS,
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="An intruder in any pod can use its API token.",
        remedy="Set automountServiceAccountToken: false where the program does not use the API.",
        reference="https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/",
        check=in_pod(must_be("automountServiceAccountToken", False)),
    ),
)
