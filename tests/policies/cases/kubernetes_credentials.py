"""Cases of ``policies.kubernetes.credentials``."""

from __future__ import annotations

from typing import Any

from policies.kubernetes.credentials import RULES
from tests.policies import tables
from tests.policies.contract import Case

_of = tables.of(RULES)
_POD = "spec.template.spec"
_CONTAINER = f"{_POD}.containers[0]"
_VALUE = f"{_CONTAINER}.env[0].value"
_LITERAL = "kubernetes-pods-container-deny-plainsecrets"
_CONFIG = "kubernetes-core-configmap-deny-secrets"


def deployment(variable: str = "GREETING") -> dict[str, Any]:
    """Return a Deployment with one variable in its environment, which may be one that names a secret."""
    pod = {
        "serviceAccountName": "server",
        "enableServiceLinks": False,
        "containers": [{"name": "server", "env": [{"name": variable, "value": ""}], "envFrom": [{"prefix": "A_"}]}],
        "volumes": [
            {"name": "keys", "secret": {"secretName": "keys", "defaultMode": 0o440}},
            {"name": "more", "projected": {"sources": [], "defaultMode": 0o440}},
        ],
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"spec": pod}}}


def config(key: str = "greeting") -> dict[str, Any]:
    """Return a ConfigMap with one text."""
    return {"kind": "ConfigMap", "data": {key: "hello" if key == "greeting" else ""}}


def _case(rule: str, path: str, broken_value: Any, *, variable: str = "GREETING", **fields: Any) -> Case:
    return _of(rule, deployment(variable), path, broken_value, **fields)


CASES = [
    _case("kubernetes-pods-container-deny-secretenvironment", f"{_CONTAINER}.env[0].valueFrom",
          {"secretKeyRef": {"name": "keys", "key": "a"}}, absent_path=f"{_CONTAINER}.env"),
    _case("kubernetes-pods-container-deny-secretenvironment", f"{_CONTAINER}.envFrom[0].secretRef", {"name": "keys"},
          absent_path=f"{_CONTAINER}.envFrom"),
    _case(_LITERAL, _VALUE, "hunter2", variable="DATABASE_PASSWORD"),
    _case(_LITERAL, _VALUE, "hunter2", variable="API_KEY"),
    _case(_LITERAL, _VALUE, "https://user:hunter2@db.example"),
    _of(_CONFIG, config("admin.token"), "data.admin\0token", "hunter2"),
    _of(_CONFIG, config(), "data.greeting", "-----BEGIN EC PRIVATE KEY-----\n"),
    _case("kubernetes-pods-pod-require-account", f"{_POD}.serviceAccountName", "default"),
    _of("kubernetes-core-account-deny-automount", {"kind": "ServiceAccount", "automountServiceAccountToken": False},
        "automountServiceAccountToken", True),
    _case("kubernetes-pods-volume-limit-secretmode", f"{_POD}.volumes[0].secret.defaultMode", 0o644),
    _case("kubernetes-pods-volume-limit-secretmode", f"{_POD}.volumes[1].projected.defaultMode", 0o444),
    _case("kubernetes-pods-pod-deny-servicelinks", f"{_POD}.enableServiceLinks", True),
]  # fmt: skip
