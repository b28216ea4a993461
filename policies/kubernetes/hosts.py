"""What of the machine a pod shares: the rest of the restricted Pod Security Standard, and CIS section 5.2."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from policies.checks import both, find, may_be, must_not_be, must_not_be_set
from policies.kubernetes.manifests import WORKLOADS, Props, containers, in_containers, in_pod, pod, template
from policies.rule import Absence, AnyRule, Rule, Severity

_STANDARD = "https://kubernetes.io/docs/concepts/security/pod-security-standards/"
_SAFE_SYSCTLS: Final = frozenset(
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
    }
)
_VOLUMES: Final = frozenset(
    {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
)
_SELINUX_TYPES: Final = ("container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle.postStart", "lifecycle.preStop")


def _sets_safe_sysctls(spec: Props) -> Iterator[str]:
    listed = (spec.get("securityContext") or {}).get("sysctls") or ()
    for index in range(len(listed)):
        if (name := listed[index]["name"]) not in _SAFE_SYSCTLS:
            yield f"securityContext.sysctls[{index}].name: {name} is not among those that reach no other pod"


def _mounts_known_kinds(spec: Props) -> Iterator[str]:
    listed = spec.get("volumes") or ()
    for index in range(len(listed)):
        # A path of the node is for its own rule.
        for kind in set(listed[index]) - _VOLUMES - {"name", "hostPath"}:
            if listed[index][kind] is not None:
                yield f"volumes[{index}].{kind}: is a kind of volume that reaches past the pod"


def _keeps_apparmor(props: Props) -> Iterator[str]:
    notes = (template(props).get("metadata") or {}).get("annotations") or {}
    for key in notes:
        if key.startswith(_APPARMOR) and notes[key] == "unconfined":
            yield f"metadata.annotations: {key} is unconfined"
    profile = may_be("securityContext.appArmorProfile.type", "RuntimeDefault", "Localhost")
    yield from both(in_pod(profile), in_containers(profile))(props)


def _asks_no_other_host(container: Props) -> Iterator[str]:
    for probe in _PROBES:
        for handler in ("httpGet", "tcpSocket"):
            yield from must_not_be_set(f"{probe}.{handler}.host")(container)


def _runs_as_numbered_root(props: Props) -> Iterator[str]:
    for at, user in find(pod(props)[1], "securityContext.runAsUser"):
        if user == 0:
            yield f"{pod(props)[0]}.{at}: is 0, which is root"
    for where, container in containers(props):
        for at, user in find(container, "securityContext.runAsUser"):
            if user == 0:
                yield f"{where}.{at}: is 0, which is root"


_SELINUX = both(
    may_be("securityContext.seLinuxOptions.type", "", *_SELINUX_TYPES),
    must_not_be_set("securityContext.seLinuxOptions.user"),
    must_not_be_set("securityContext.seLinuxOptions.role"),
)
_WINDOWS = must_not_be("securityContext.windowsOptions.hostProcess", True)
_rule = partial(Rule, types=WORKLOADS, severity=Severity.HIGH, absent=Absence.ALLOW, reference=_STANDARD)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="kubernetes-pods-pod-deny-hostpid",
        severity=Severity.CRITICAL,
        why="A pod among the node's processes reads their environment and memory, and may end them.",
        remedy="Remove hostPID.",
        check=in_pod(must_not_be("hostPID", True)),
    ),
    _rule(
        id="kubernetes-pods-pod-deny-hostipc",
        why="A pod with the node's shared memory reads what other programs of the node keep there.",
        remedy="Remove hostIPC.",
        check=in_pod(must_not_be("hostIPC", True)),
    ),
    _rule(
        id="kubernetes-pods-container-deny-hostports",
        severity=Severity.MEDIUM,
        why="A port of the node is reachable past every Service, and takes the node away from a second pod.",
        remedy="Remove hostPort, and expose the port through a Service.",
        check=in_containers(must_not_be_set("ports[*].hostPort")),
    ),
    _rule(
        id="kubernetes-pods-pod-deny-hostprocess",
        severity=Severity.CRITICAL,
        why="A Windows host process is a program of the node with all of its rights.",
        remedy="Remove windowsOptions.hostProcess.",
        check=both(in_pod(_WINDOWS), in_containers(_WINDOWS)),
    ),
    _rule(
        id="kubernetes-pods-container-deny-procmount",
        why="An unmasked /proc shows a container the kernel's own settings, and lets it change some.",
        remedy="Remove procMount, or set it to Default.",
        check=in_containers(may_be("securityContext.procMount", "Default")),
    ),
    _rule(
        id="kubernetes-pods-pod-limit-sysctls",
        why="A kernel setting that is not the pod's own changes the node for every other pod.",
        remedy="Remove it, or set it for the machines of a pool of their own.",
        check=in_pod(_sets_safe_sysctls),
    ),
    _rule(
        id="kubernetes-pods-pod-limit-volumes",
        severity=Severity.MEDIUM,
        why="A volume that names a server or disk itself goes past storage classes, quotas and access rights.",
        remedy="Use a persistent volume claim.",
        check=in_pod(_mounts_known_kinds),
    ),
    _rule(
        id="kubernetes-pods-pod-match-apparmor",
        severity=Severity.MEDIUM,
        why="Without a profile, a container may mount, trace and write where the runtime would forbid it.",
        remedy="Remove the profile, which leaves the runtime's own, or name one that is installed on the nodes.",
        check=_keeps_apparmor,
    ),
    _rule(
        id="kubernetes-pods-pod-match-selinux",
        severity=Severity.MEDIUM,
        why="An SELinux user, role or type of one's own may be one that the node does not hold back.",
        remedy="Remove user and role, and use one of the container types.",
        check=both(in_pod(_SELINUX), in_containers(_SELINUX)),
    ),
    _rule(
        id="kubernetes-pods-container-deny-rootuser",
        why="User 0 is root by number, whatever name the image gives it.",
        remedy="Set runAsUser to a number above 10000, or leave it to the image.",
        check=_runs_as_numbered_root,
    ),
    _rule(
        id="kubernetes-pods-pod-deny-sharedprocesses",
        severity=Severity.MEDIUM,
        why="Containers that see each other's processes read each other's environment and files.",
        remedy="Remove shareProcessNamespace.",
        reference="https://kubernetes.io/docs/tasks/configure-pod-container/share-process-namespace/",
        check=in_pod(must_not_be("shareProcessNamespace", True)),
    ),
    _rule(
        id="kubernetes-pods-container-deny-probehost",
        severity=Severity.MEDIUM,
        why="A probe with a host makes the node itself ask a server that somebody else chose.",
        remedy="Remove host, which leaves the pod's own address.",
        check=in_containers(_asks_no_other_host),
    ),
)
