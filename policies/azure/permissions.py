"""What identities may do: roles, who has them where, and whom an identity trusts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from policies.azure.relations import comes_from
from policies.checks import MISSING, find, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

GRANT = "azure-native:authorization:RoleAssignment"
ROLE = "azure-native:authorization:RoleDefinition"
TRUST = "azure-native:managedidentity:FederatedIdentityCredential"

_GUIDE = "https://learn.microsoft.com/en-us/azure/role-based-access-control/"
_ADMINISTRATORS: Final = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
}
"""Roles that give roles, by their ids, which are the same in every directory."""
_WHOLE: Final = ("azure-native:subscription:Alias", "azure-native:management:ManagementGroup")
_CONTRIBUTOR: Final = {"b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor"}
_WIDE = re.compile(
    r"/?subscriptions/[^/]+/?|/?providers/microsoft\.management/managementgroups/[^/]+/?|/", re.IGNORECASE
)
_GIVING = re.compile(
    r"microsoft\.authorization/((roleassignments|roledefinitions)/(\*|write)|elevateaccess/action|\*(/(?!read$).*)?)",
    re.IGNORECASE,
)


def _gives(roles: dict[str, str]) -> Callable[[Resource, Stack], Iterator[str]]:
    def check(grant: Resource, stack: Stack) -> Iterator[str]:
        # What a role of the stack's own allows is judged where it is declared.
        if comes_from(grant, stack, "roleDefinitionId", (ROLE,)):
            return
        name = roles.get(str(grant.props.get("roleDefinitionId")).split("/")[-1].lower())
        if name and _is_wide(grant, stack):
            yield f"roleDefinitionId: {name} is given over everything"

    return check


def _is_wide(grant: Resource, stack: Stack) -> bool:
    """Whether it is over a subscription or more. What comes from a resource is over that resource."""
    origins = [one.type for one in stack.resources if one.urn in grant.refers.get("scope", ())]
    if any(kind.startswith("azure-native:") and kind not in _WHOLE for kind in origins):
        return False
    return bool(_WIDE.fullmatch(str(grant.props["scope"])))


def _allows_everything(props: Props) -> Iterator[str]:
    for path in ("permissions[*].actions[*]", "permissions[*].dataActions[*]"):
        for at, action in find(props, path):
            if action is not MISSING and action.split("/")[0].endswith("*"):
                yield f"{at}: {action} is everything"


def _allows_whole_services(props: Props) -> Iterator[str]:
    for path in ("permissions[*].actions[*]", "permissions[*].dataActions[*]"):
        for at, action in find(props, path):
            if action is not MISSING and re.fullmatch(r"[^*/]+/\*(/(?!read$).*)?", action):
                yield f"{at}: {action} is all of a service, with what it will learn"


def _gives_roles(props: Props) -> Iterator[str]:
    for at, action in find(props, "permissions[*].actions[*]"):
        if action is not MISSING and _GIVING.fullmatch(action):
            yield f"{at}: {action} makes an administrator of whoever has the role"


def _is_assignable_everywhere(props: Props) -> Iterator[str]:
    for at, scope in find(props, "assignableScopes[*]"):
        if scope is not MISSING and (scope == "/" or "managementgroups" in scope.lower()):
            yield f"{at}: {scope} is more than one subscription"


def _trusts_strangers(props: Props) -> Iterator[str]:
    if "subject" in props:
        subject = str(props["subject"])
        if "*" in subject or subject.endswith(":pull_request"):
            yield f"subject: {subject} is whoever comes"


RULES: tuple[AnyRule, ...] = (
    StackRule(
        id="azure-authorization-grant-deny-administrator",
        types=(GRANT,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Whoever takes over one such identity has the whole subscription, and gives it to others.",
        remedy="Give a narrower role, over a resource or a group.",
        reference=_GUIDE + "best-practices",
        check=_gives(_ADMINISTRATORS),
    ),
    StackRule(
        id="azure-authorization-grant-limit-contributor",
        types=(GRANT,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="It changes and deletes everything in the subscription.",
        remedy="Give a narrower role, over a resource or a group.",
        reference=_GUIDE + "best-practices",
        check=_gives(_CONTRIBUTOR),
    ),
    Rule(
        id="azure-authorization-grant-deny-people",
        types=(GRANT,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="Nobody takes the role back when the person changes place.",
        remedy="Give the role to a group.",
        reference=_GUIDE + "best-practices",
        check=must_not_be("principalType", "User"),
    ),
    Rule(
        id="azure-authorization-role-deny-everything",
        types=(ROLE,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="A role that allows everything is an owner by another name, which no review of owners shows.",
        remedy="Name the actions.",
        reference=_GUIDE + "custom-roles",
        check=_allows_everything,
    ),
    Rule(
        id="azure-authorization-role-deny-whole-services",
        types=(ROLE,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="What the service learns tomorrow is allowed today.",
        remedy="Name the actions.",
        reference=_GUIDE + "custom-roles",
        check=_allows_whole_services,
    ),
    Rule(
        id="azure-authorization-role-deny-escalation",
        types=(ROLE,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Whoever may give roles gives himself all of them.",
        remedy="Leave writing of roleAssignments and roleDefinitions out.",
        reference=_GUIDE + "custom-roles",
        check=_gives_roles,
    ),
    Rule(
        id="azure-authorization-role-limit-scope",
        types=(ROLE,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A role that can be given everywhere is given where nobody thought of it.",
        remedy="Name the subscription or the groups in assignableScopes.",
        reference=_GUIDE + "custom-roles",
        check=_is_assignable_everywhere,
    ),
    Rule(
        id="azure-identity-trust-deny-strangers",
        types=(TRUST,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Whoever opens a pull request, or picks a name, takes on the identity.",
        remedy="Name one service account, branch or environment in subject.",
        reference="https://learn.microsoft.com/en-us/entra/workload-id/workload-identity-federation-considerations",
        check=_trusts_strangers,
    ),
)
