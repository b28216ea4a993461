"""Cases of ``policies.kubernetes.lifecycle``."""

from __future__ import annotations

from typing import Any

from policies.kubernetes.lifecycle import RULES
from policies.kubernetes.manifests import STATEFUL_SET
from tests.policies import tables
from tests.policies.contract import REMOVED, Case

_of = tables.of(RULES)
_POD = "spec.template.spec"
_CONTAINER = f"{_POD}.containers[0]"


def workload() -> dict[str, Any]:
    """Return a compliant StatefulSet."""
    container = {
        "name": "server",
        "ports": [{"name": "http", "containerPort": 80}],
        "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 3, "failureThreshold": 2},
        "livenessProbe": {"httpGet": {"path": "/health", "port": "http"}, "periodSeconds": 3, "failureThreshold": 2},
        "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
    }
    pod = {"terminationGracePeriodSeconds": 30, "priorityClassName": "ours", "containers": [container]}
    return {
        "kind": "StatefulSet",
        "spec": {
            "revisionHistoryLimit": 3,
            "updateStrategy": {"type": "RollingUpdate"},
            "template": {"spec": pod},
        },
    }


def _case(rule: str, path: str, broken_value: Any = REMOVED, **fields: Any) -> Case:
    return _of(f"kubernetes-{rule}", workload(), path, broken_value, type=STATEFUL_SET, **fields)


CASES = [
    _case("pods-container-require-requests", f"{_CONTAINER}.resources.requests.cpu"),
    _case("pods-container-require-requests", f"{_CONTAINER}.resources.requests.memory"),
    _case("pods-container-require-memorylimit", f"{_CONTAINER}.resources.limits.memory"),
    _case("pods-container-require-readiness", f"{_CONTAINER}.readinessProbe"),
    _case("pods-container-require-liveness", f"{_CONTAINER}.livenessProbe"),
    _case("pods-container-match-probes", f"{_CONTAINER}.livenessProbe.httpGet.path", "/ready",
          absent_path=f"{_CONTAINER}.livenessProbe"),
    _case("pods-pod-match-grace", f"{_POD}.terminationGracePeriodSeconds", 0),
    _case("pods-pod-match-grace", f"{_CONTAINER}.lifecycle.preStop.sleep.seconds", 30),
    _case("pods-pod-deny-systempriority", f"{_POD}.priorityClassName", "system-cluster-critical"),
    _case("apps-statefulset-match-updates", "spec.updateStrategy.type", "OnDelete"),
    _case("apps-deployment-require-history", "spec.revisionHistoryLimit", 0),
]  # fmt: skip
