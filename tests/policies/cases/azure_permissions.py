"""Cases of ``policies.azure.permissions``."""

from __future__ import annotations

from policies.azure.permissions import RULES
from tests.policies import tables
from tests.policies.azure.fixtures import GRANT, ROLE, TRUST

_make = tables.of(RULES)
_ROLES = "/providers/Microsoft.Authorization/roleDefinitions/"
_OWNER = _ROLES + "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
_CONTRIBUTOR = _ROLES + "b24988ac-6180-42a0-ab88-20f7382dd24c"
_NARROW = {**GRANT, "roleDefinitionId": _OWNER, "scope": "/subscriptions/s/resourceGroups/g/providers/vaults/v"}
_GRANT = "azure-authorization-grant-"
_ROLE = "azure-authorization-role-"
_ACTION = "permissions[0].actions[0]"
_DATA = "permissions[0].dataActions[0]"

CASES = [
    _make(_GRANT + "deny-administrator", GRANT, "roleDefinitionId", _OWNER),
    _make(_GRANT + "deny-administrator", _NARROW, "scope", "/subscriptions/s", absent_path="roleDefinitionId"),
    _make(_GRANT + "limit-contributor", GRANT, "roleDefinitionId", _CONTRIBUTOR),
    _make(_GRANT + "deny-people", GRANT, "principalType", "User"),
    _make(_ROLE + "deny-everything", ROLE, _ACTION, "*", absent_path="permissions"),
    _make(_ROLE + "deny-everything", ROLE, _DATA, "*/read", absent_path="permissions"),
    _make(_ROLE + "deny-whole-services", ROLE, _ACTION, "Microsoft.Compute/*", absent_path="permissions"),
    _make(_ROLE + "deny-escalation", ROLE, _ACTION, "Microsoft.Authorization/roleAssignments/write",
          absent_path="permissions"),
    _make(_ROLE + "limit-scope", ROLE, "assignableScopes[0]", "/", absent_path="assignableScopes"),
    _make("azure-identity-trust-deny-strangers", TRUST, "subject", "repo:pouw/pouw:pull_request"),
    _make("azure-identity-trust-deny-strangers", TRUST, "subject", "system:serviceaccount:pouw:*"),
]  # fmt: skip
