"""Cases of ``policies.kubernetes.pods``."""

from __future__ import annotations

from typing import Any

from policies.kubernetes.pods import RULES
from tests.policies.contract import REMOVED, Case

_RULES = {rule.id: rule for rule in RULES}
_POD = "spec.template.spec"
_CONTAINER = f"{_POD}.containers[0]"


def deployment() -> dict[str, Any]:
    """Return a compliant Deployment."""
    container = {
        "name": "server",
        "securityContext": {
            "privileged": False,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
        },
    }
    pod = {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "automountServiceAccountToken": False,
        "hostNetwork": False,
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"spec": pod}}}


def _case(rule: str, path: str, broken_value: Any, *, absent_path: str | None = None) -> Case:
    return Case(
        rule=_RULES[rule], compliant=deployment(), path=path, broken_value=broken_value, absent_path=absent_path
    )


CASES = [
    _case("kubernetes-pods-container-deny-privileged", f"{_CONTAINER}.securityContext.privileged", True),
    _case("kubernetes-pods-container-deny-escalation", f"{_CONTAINER}.securityContext.allowPrivilegeEscalation", True),
    _case("kubernetes-pods-container-require-nonroot", f"{_POD}.securityContext.runAsNonRoot", False),
    _case("kubernetes-pods-container-require-nonroot", f"{_CONTAINER}.securityContext.runAsNonRoot", False,
          absent_path=f"{_POD}.securityContext.runAsNonRoot"),
    _case("kubernetes-pods-container-require-seccomp", f"{_POD}.securityContext.seccompProfile.type", "Unconfined"),
    _case("kubernetes-pods-container-require-dropping", f"{_CONTAINER}.securityContext.capabilities.drop[0]", "CHOWN"),
    _case("kubernetes-pods-container-deny-capabilities", f"{_CONTAINER}.securityContext.capabilities.add[0]",
          "SYS_ADMIN"),
    _case("kubernetes-pods-container-require-readonlyroot", f"{_CONTAINER}.securityContext.readOnlyRootFilesystem",
          False),
    _case("kubernetes-pods-pod-deny-hostnetwork", f"{_POD}.hostNetwork", True),
    _case("kubernetes-pods-pod-deny-hostpath", f"{_POD}.volumes[0].hostPath", {"path": "/"},
          absent_path=f"{_POD}.volumes[0]"),
    _case("kubernetes-pods-pod-deny-token", f"{_POD}.automountServiceAccountToken", REMOVED),
]  # fmt: skip
