"""Cases of ``policies.kubernetes.admission``."""

from __future__ import annotations

from policies.kubernetes.admission import MUTATING, RULES
from tests.policies import tables

_of = tables.of(RULES)
_HOOK = "webhooks[0]"
_HOOKS = {
    "webhooks": [
        {
            "name": "check.example.org",
            "failurePolicy": "Fail",
            "timeoutSeconds": 5,
            "clientConfig": {"service": {"name": "check", "namespace": "check"}},
            "namespaceSelector": {"matchLabels": {"check": "true"}},
        }
    ]
}

CASES = [
    _of("kubernetes-admission-webhook-deny-ignoring", _HOOKS, f"{_HOOK}.failurePolicy", "Ignore"),
    _of("kubernetes-admission-webhook-limit-timeout", _HOOKS, f"{_HOOK}.timeoutSeconds", 30),
    _of("kubernetes-admission-webhook-deny-external", _HOOKS, f"{_HOOK}.clientConfig.url", "https://example.org",
        absent_path=_HOOK, type=MUTATING),
    _of("kubernetes-admission-webhook-limit-scope", _HOOKS, f"{_HOOK}.namespaceSelector", {}),
    _of("kubernetes-apiregistration-service-deny-unverified", {"spec": {"insecureSkipTLSVerify": False}},
        "spec.insecureSkipTLSVerify", True),
    _of("kubernetes-flowcontrol-level-deny-exempt", {"spec": {"type": "Limited"}}, "spec.type", "Exempt"),
]  # fmt: skip
