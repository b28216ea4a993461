"""Cases of ``policies.kubernetes.host_access``."""

from __future__ import annotations

from typing import Any

from policies.kubernetes.host_access import RULES
from tests.policies import tables
from tests.policies.contract import Case

_of = tables.of(RULES)
_POD = "spec.template.spec"
_CONTAINER = f"{_POD}.containers[0]"
_SYSCTLS = f"{_POD}.securityContext.sysctls"
_APPARMOR = "container\0apparmor\0security\0beta\0kubernetes\0io/server"


def deployment() -> dict[str, Any]:
    """Return a Deployment with every optional property."""
    selinux = {"type": "container_t"}
    container = {
        "name": "server",
        "ports": [{"containerPort": 80}],
        "securityContext": {
            "procMount": "Default",
            "runAsUser": 10001,
            "seLinuxOptions": selinux,
            "windowsOptions": {"hostProcess": False},
        },
        "livenessProbe": {"httpGet": {"path": "/", "port": 80}},
    }
    pod = {
        "hostPID": False,
        "hostIPC": False,
        "shareProcessNamespace": False,
        "securityContext": {
            "runAsUser": 10001,
            "sysctls": [{"name": "net.ipv4.tcp_syncookies", "value": "1"}],
            "appArmorProfile": {"type": "RuntimeDefault"},
            "seLinuxOptions": selinux,
            "windowsOptions": {"hostProcess": False},
        },
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    notes = {_APPARMOR.replace("\0", "."): "runtime/default"}
    template = {"metadata": {"annotations": notes}, "spec": pod}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": template}}


def _case(rule: str, path: str, broken_value: Any, **fields: Any) -> Case:
    return _of(rule, deployment(), path, broken_value, **fields)


CASES = [
    _case("kubernetes-pods-pod-deny-hostpid", f"{_POD}.hostPID", True),
    _case("kubernetes-pods-pod-deny-hostipc", f"{_POD}.hostIPC", True),
    _case("kubernetes-pods-container-deny-hostports", f"{_CONTAINER}.ports[0].hostPort", 80,
          absent_path=f"{_CONTAINER}.ports"),
    _case("kubernetes-pods-pod-deny-hostprocess", f"{_POD}.securityContext.windowsOptions.hostProcess", True),
    _case("kubernetes-pods-pod-deny-hostprocess", f"{_CONTAINER}.securityContext.windowsOptions.hostProcess", True),
    _case("kubernetes-pods-container-deny-procmount", f"{_CONTAINER}.securityContext.procMount", "Unmasked"),
    _case("kubernetes-pods-pod-limit-sysctls", f"{_SYSCTLS}[0].name", "kernel.msgmax", absent_path=_SYSCTLS),
    _case("kubernetes-pods-pod-limit-volumes", f"{_POD}.volumes[0].nfs", {"server": "192.0.2.1", "path": "/"},
          absent_path=f"{_POD}.volumes"),
    _case("kubernetes-pods-pod-match-apparmor", f"{_POD}.securityContext.appArmorProfile.type", "Unconfined"),
    _case("kubernetes-pods-pod-match-apparmor", f"spec.template.metadata.annotations.{_APPARMOR}", "unconfined"),
    _case("kubernetes-pods-pod-match-selinux", f"{_CONTAINER}.securityContext.seLinuxOptions.type", "spc_t"),
    _case("kubernetes-pods-pod-match-selinux", f"{_POD}.securityContext.seLinuxOptions.user", "system_u",
          absent_path=f"{_POD}.securityContext.seLinuxOptions.type"),
    _case("kubernetes-pods-container-deny-rootuser", f"{_POD}.securityContext.runAsUser", 0),
    _case("kubernetes-pods-container-deny-rootuser", f"{_CONTAINER}.securityContext.runAsUser", 0),
    _case("kubernetes-pods-pod-deny-sharedprocesses", f"{_POD}.shareProcessNamespace", True),
    _case("kubernetes-pods-container-deny-probehost", f"{_CONTAINER}.livenessProbe.httpGet.host", "192.0.2.1",
          absent_path=f"{_CONTAINER}.livenessProbe"),
]  # fmt: skip
