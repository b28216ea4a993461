"""Cases of ``policies.kubernetes.rbac``."""

from __future__ import annotations

from typing import Any

from policies.kubernetes.rbac import CLUSTER_BINDING, RULES
from policies.kubernetes.references import NAMESPACE
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.contract import REMOVED, Case

_of = tables.of(RULES)


def role(group: str = "", resource: str = "pods", verb: str = "get") -> dict[str, Any]:
    """Return a role with one permission."""
    rule = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
    return {"kind": "Role", "metadata": {"name": "looker", "namespace": "shop"}, "rules": [rule]}


def binding(kind: str = "RoleBinding", role_kind: str = "Role", subject: str = "Group") -> dict[str, Any]:
    """Return a binding of one subject."""
    return {
        "kind": kind,
        "metadata": {"name": "lookers", "namespace": "shop"},
        "roleRef": {"kind": role_kind, "name": "looker", "apiGroup": "rbac.authorization.k8s.io"},
        "subjects": [{"kind": subject, "name": "lookers"}],
    }


def _role(rule: str, group: str, resource: str, verb: str, *, safe: str = "delete") -> Case:
    """Return a case of a role with a safe verb, and then an unsafe one."""
    return _of(f"kubernetes-rbac-role-deny-{rule}", role(group, resource, safe), "rules[0].verbs[0]", verb,
               absent_path="rules")  # fmt: skip


_LIMITED = Declaration(type=NAMESPACE, name="shop", props={"kind": "Namespace", "metadata": {"name": "shop"}})
_LOOKER = Declaration(type="kubernetes:rbac.authorization.k8s.io/v1:Role", name="looker", props=role())
_SUBJECT = "subjects[0].name"

CASES = [
    _of("kubernetes-rbac-role-deny-wildcards", role(), "rules[0].verbs[0]", "*", absent_path="rules"),
    _of("kubernetes-rbac-role-deny-wildcards", role(), "rules[0].resources[0]", "*", absent_path="rules"),
    _of("kubernetes-rbac-role-deny-wildcards", role(), "rules[0].apiGroups[0]", "*", absent_path="rules"),
    _role("secrets", "", "secrets", "list"),
    _role("pods", "", "pods", "create"),
    _role("pods", "apps", "deployments", "patch"),
    _role("exec", "", "pods/exec", "create"),
    _role("escalation", "rbac.authorization.k8s.io", "roles", "escalate"),
    _role("nodeproxy", "", "nodes/proxy", "get"),
    _role("webhooks", "admissionregistration.k8s.io", "mutatingwebhookconfigurations", "patch", safe="get"),
    _role("signing", "certificates.k8s.io", "certificatesigningrequests/approval", "update"),
    _role("tokens", "", "serviceaccounts/token", "create"),
    _role("persistentvolumes", "", "persistentvolumes", "create"),
    _of("kubernetes-rbac-binding-deny-administrator", binding(role_kind="ClusterRole"), "roleRef.name",
        "cluster-admin", absent_path="subjects"),
    _of("kubernetes-rbac-binding-deny-administrator", binding("ClusterRoleBinding", "ClusterRole"), "roleRef.name",
        "edit", absent_path="subjects", type=CLUSTER_BINDING),
    _of("kubernetes-rbac-binding-deny-masters", binding(), _SUBJECT, "system:masters", absent_path="subjects"),
    _of("kubernetes-rbac-binding-deny-everybody", binding(), _SUBJECT, "system:authenticated", absent_path="subjects"),
    _of("kubernetes-rbac-binding-deny-defaultaccount", binding(subject="ServiceAccount"), _SUBJECT, "default",
        absent_path="subjects"),
    _of("kubernetes-rbac-binding-match-role", binding(), "metadata.name", REMOVED, related=(_LIMITED, _LOOKER),
        broken_related="looker"),
    _of("kubernetes-core-secret-deny-accounttoken", {"kind": "Secret", "type": "Opaque"}, "type",
        "kubernetes.io/service-account-token"),
]  # fmt: skip
