"""Accounts, keys and roles of a project's own."""

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
_ENDS_OF_POWER = (
    ".setIamPolicy",
    "iam.serviceAccountKeys.create",
    "iam.serviceAccounts.actAs",
    "iam.serviceAccounts.getAccessToken",
    "iam.serviceAccounts.signBlob",
    "iam.serviceAccounts.signJwt",
    "iam.roles.update",
)


def _raises_itself(props: Props) -> Iterator[str]:
    for at, permission in find(props, "permissions[*]"):
        if permission is not MISSING and str(permission).endswith(_ENDS_OF_POWER):
            yield f"{at}: is {permission}, with which its holder takes any other"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-iam-key-deny-private-key",
        types=(KEY,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The key that Google makes lies in the stack's state, never ends, and is whoever's who copies it.",
        remedy="Use workload identity; where a key must be, make it outside and upload publicKeyData.",
        reference=_GUIDE + "best-practices-for-managing-service-account-keys",
        check=must_be_set("publicKeyData"),
    ),
    Rule(
        id="gcp-iam-role-deny-escalation",
        types=CUSTOM_ROLES,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Who may set policies or act as others has every permission that they can be given.",
        remedy="Take the permission out, and give the predefined role on the one resource that is meant.",
        reference=_GUIDE + "creating-custom-roles",
        check=_raises_itself,
    ),
    Rule(
        id="gcp-iam-provider-require-condition",
        types=(PROVIDER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Everybody whom the issuer knows gets in: of a public one that is everybody.",
        remedy="Set attributeCondition to whom the pool is for.",
        reference=_GUIDE + "workload-identity-federation",
        check=must_be_set("attributeCondition"),
    ),
)
