"""Rules about service account keys, custom roles and workload identity providers."""

from __future__ import annotations

from collections.abc import Iterator

from policies.checks import MISSING, find, must_be_set
from policies.rule import Absence, AnyRule, Props, Rule, Severity

KEY = "gcp:serviceaccount/key:Key"
CUSTOM_ROLES = (
    "gcp:projects/iAMCustomRole:IAMCustomRole",
    "gcp:organizations/iAMCustomRole:IAMCustomRole",
)
PROVIDER = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"

_GUIDE = "https://cloud.google.com/iam/docs/"
_ESCALATING_PERMISSIONS = (
    ".setIamPolicy",
    "iam.serviceAccountKeys.create",
    "iam.serviceAccounts.actAs",
    "iam.serviceAccounts.getAccessToken",
    "iam.serviceAccounts.signBlob",
    "iam.serviceAccounts.signJwt",
    "iam.roles.update",
)


def _check_escalation(props: Props) -> Iterator[str]:
    for path, permission in find(props, "permissions[*]"):
        if permission is not MISSING and str(permission).endswith(_ESCALATING_PERMISSIONS):
            yield f"{path}: the permission allows privilege escalation; got {permission}; expected a role without it"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-iam-key-deny-private-key",
        types=(KEY,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A generated key is in the stack's state, never expires, and works for anyone who copies it.",
        remedy="Replace the key by workload identity, or generate it outside and set publicKeyData.",
        reference=_GUIDE + "best-practices-for-managing-service-account-keys",
        check=must_be_set("publicKeyData"),
    ),
    Rule(
        id="gcp-iam-role-deny-escalation",
        types=CUSTOM_ROLES,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="An identity that may set policies or impersonate accounts can obtain every permission.",
        remedy="Remove the permission from permissions, and grant a predefined role on the one required resource.",
        reference=_GUIDE + "creating-custom-roles",
        check=_check_escalation,
    ),
    Rule(
        id="gcp-iam-provider-require-condition",
        types=(PROVIDER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without a condition, every user of the issuer is admitted. For a public issuer that is anyone.",
        remedy="Set attributeCondition to the identities of the pool.",
        reference=_GUIDE + "workload-identity-federation",
        check=must_be_set("attributeCondition"),
    ),
)
