"""Rules about access to the node: the restricted Pod Security Standard and CIS section 5.2."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from policies.checks import all_of, find, may_be, must_not_be, must_not_be_set
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


def _check_sysctls(spec: Props) -> Iterator[str]:
    sysctls = (spec.get("securityContext") or {}).get("sysctls") or ()
    for index in range(len(sysctls)):
        if (name := sysctls[index]["name"]) not in _SAFE_SYSCTLS:
            yield (
                f"securityContext.sysctls[{index}].name: the setting affects other pods; got {name}; expected a safe "
                "sysctl"
            )


def _check_volume_types(spec: Props) -> Iterator[str]:
    volumes = spec.get("volumes") or ()
    for index in range(len(volumes)):
        # Another rule judges host paths.
        for volume_type in set(volumes[index]) - _VOLUMES - {"name", "hostPath"}:
            if volumes[index][volume_type] is not None:
                yield (
                    f"volumes[{index}].{volume_type}: the volume type bypasses the pod's isolation; got {volume_type}; "
                    "expected another type"
                )


def _check_apparmor(props: Props) -> Iterator[str]:
    annotations = (template(props).get("metadata") or {}).get("annotations") or {}
    for key in annotations:
        if key.startswith(_APPARMOR) and annotations[key] == "unconfined":
            yield f"metadata.annotations: AppArmor is off; got unconfined in {key}; expected a profile"
    profile = may_be("securityContext.appArmorProfile.type", "RuntimeDefault", "Localhost")
    yield from all_of(in_pod(profile), in_containers(profile))(props)


def _check_probe_hosts(container: Props) -> Iterator[str]:
    for probe in _PROBES:
        for handler in ("httpGet", "tcpSocket"):
            yield from must_not_be_set(f"{probe}.{handler}.host")(container)


def _check_root_user(props: Props) -> Iterator[str]:
    for path, user in find(pod(props)[1], "securityContext.runAsUser"):
        if user == 0:
            yield f"{pod(props)[0]}.{path}: the container runs as root; got 0; expected another user"
    for container_path, container in containers(props):
        for path, user in find(container, "securityContext.runAsUser"):
            if user == 0:
                yield f"{container_path}.{path}: the container runs as root; got 0; expected another user"


_SELINUX = all_of(
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
        why="A pod in the node's process namespace can read and terminate all processes of the node.",
        remedy="Remove hostPID.",
        check=in_pod(must_not_be("hostPID", True)),
    ),
    _rule(
        id="kubernetes-pods-pod-deny-hostipc",
        why="A pod in the node's IPC namespace can read the shared memory of other programs.",
        remedy="Remove hostIPC.",
        check=in_pod(must_not_be("hostIPC", True)),
    ),
    _rule(
        id="kubernetes-pods-container-deny-hostports",
        severity=Severity.MEDIUM,
        why="A host port bypasses every Service, and prevents a second pod on the node.",
        remedy="Remove hostPort, and expose the port through a Service.",
        check=in_containers(must_not_be_set("ports[*].hostPort")),
    ),
    _rule(
        id="kubernetes-pods-pod-deny-hostprocess",
        severity=Severity.CRITICAL,
        why="A Windows host process has all permissions of the node.",
        remedy="Remove windowsOptions.hostProcess.",
        check=all_of(in_pod(_WINDOWS), in_containers(_WINDOWS)),
    ),
    _rule(
        id="kubernetes-pods-container-deny-procmount",
        why="An unmasked /proc exposes kernel settings, some of them writable.",
        remedy="Remove procMount, or set it to Default.",
        check=in_containers(may_be("securityContext.procMount", "Default")),
    ),
    _rule(
        id="kubernetes-pods-pod-limit-sysctls",
        why="An unsafe kernel setting affects every other pod of the node.",
        remedy="Remove the entry from sysctls, or set it on the machines of a dedicated pool.",
        check=in_pod(_check_sysctls),
    ),
    _rule(
        id="kubernetes-pods-pod-limit-volumes",
        severity=Severity.MEDIUM,
        why="A volume that names a server or disk directly bypasses storage classes, quotas and permissions.",
        remedy="Replace the volume by a persistentVolumeClaim.",
        check=in_pod(_check_volume_types),
    ),
    _rule(
        id="kubernetes-pods-pod-match-apparmor",
        severity=Severity.MEDIUM,
        why="Without a profile, a container may mount, trace and write where the runtime would forbid it.",
        remedy="Remove appArmorProfile, which selects the runtime's default, or name a profile of the nodes.",
        check=_check_apparmor,
    ),
    _rule(
        id="kubernetes-pods-pod-match-selinux",
        severity=Severity.MEDIUM,
        why="A custom SELinux user, role or type may be unconfined on the node.",
        remedy="Remove user and role from seLinuxOptions, and set type to a container type.",
        check=all_of(in_pod(_SELINUX), in_containers(_SELINUX)),
    ),
    _rule(
        id="kubernetes-pods-container-deny-rootuser",
        why="User 0 is root in any image, and closer to root on the node.",
        remedy="Set runAsUser above 10000, or remove it and use the image's user.",
        check=_check_root_user,
    ),
    _rule(
        id="kubernetes-pods-pod-deny-sharedprocesses",
        severity=Severity.MEDIUM,
        why="Containers with a shared process namespace can read each other's environment and files.",
        remedy="Remove shareProcessNamespace.",
        reference="https://kubernetes.io/docs/tasks/configure-pod-container/share-process-namespace/",
        check=in_pod(must_not_be("shareProcessNamespace", True)),
    ),
    _rule(
        id="kubernetes-pods-container-deny-probehost",
        severity=Severity.MEDIUM,
        why="A probe with a host makes the node send requests to a foreign server.",
        remedy="Remove host, which selects the pod's own address.",
        check=in_containers(_check_probe_hosts),
    ),
)
