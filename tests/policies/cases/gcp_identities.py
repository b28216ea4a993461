"""Cases of ``policies.gcp.identities``."""

from __future__ import annotations

from policies.gcp.identities import RULES
from tests.policies import tables

_case = tables.of(RULES)
_ROLE = {"permissions": ["storage.objects.get"]}
_ESCALATION = "gcp-iam-role-deny-escalation"

CASES = [
    _case("gcp-iam-key-deny-private-key", {"publicKeyData": "bm90IGEga2V5"}, "publicKeyData", ""),
    _case(_ESCALATION, _ROLE, "permissions[0]", "resourcemanager.projects.setIamPolicy", absent_path="permissions"),
    _case(_ESCALATION, _ROLE, "permissions[0]", "iam.serviceAccounts.actAs", absent_path="permissions"),
    _case("gcp-iam-provider-require-condition", {"attributeCondition": "assertion.repository_owner == 'some'"},
          "attributeCondition", ""),
]  # fmt: skip
