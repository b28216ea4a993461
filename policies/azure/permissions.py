"""Rules about role assignments, role definitions and federated credentials."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from policies.azure.references import comes_from
from policies.checks import MISSING, find, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

ASSIGNMENT = "azure-native:authorization:RoleAssignment"
ROLE = "azure-native:authorization:RoleDefinition"
FEDERATION = "azure-native:managedidentity:FederatedIdentityCredential"

_GUIDE = "https://learn.microsoft.com/en-us/azure/role-based-access-control/"
_ADMINISTRATORS: Final = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    "f58310d9-a9f6-439a-9e8d-f62e7b41a168": "Role Based Access Control Administrator",
}
"""Roles that can assign roles, by their ids, which are equal in every directory."""
_WIDE_TYPES: Final = ("azure-native:subscription:Alias", "azure-native:management:ManagementGroup")
_CONTRIBUTOR: Final = {"b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor"}
_WIDE_SCOPE = re.compile(
    r"/?subscriptions/[^/]+/?|/?providers/microsoft\.management/managementgroups/[^/]+/?|/", re.IGNORECASE
)
_ROLE_WRITE = re.compile(
    r"microsoft\.authorization/((roleassignments|roledefinitions)/(\*|write)|elevateaccess/action|\*(/(?!read$).*)?)",
    re.IGNORECASE,
)


def _deny_roles(roles: dict[str, str]) -> Callable[[Resource, Stack], Iterator[str]]:
    def check(assignment: Resource, stack: Stack) -> Iterator[str]:
        # Another rule judges role definitions of this stack.
        if comes_from(assignment, stack, "roleDefinitionId", (ROLE,)):
            return
        name = roles.get(str(assignment.props.get("roleDefinitionId")).split("/")[-1].lower())
        if name and _is_wide(assignment, stack):
            yield (
                f"roleDefinitionId: a powerful role is assigned over a whole subscription; got {name}; expected a "
                "narrower role or scope"
            )

    return check


def _is_wide(assignment: Resource, stack: Stack) -> bool:
    """True if the scope is a subscription or wider. A scope that comes from a resource is that resource."""
    origins = [resource.type for resource in stack.resources if resource.urn in assignment.references.get("scope", ())]
    if any(kind.startswith("azure-native:") and kind not in _WIDE_TYPES for kind in origins):
        return False
    return bool(_WIDE_SCOPE.fullmatch(str(assignment.props["scope"])))


def _check_wildcard_actions(props: Props) -> Iterator[str]:
    for pattern in ("permissions[*].actions[*]", "permissions[*].dataActions[*]"):
        for path, action in find(props, pattern):
            if action is not MISSING and action.split("/")[0].endswith("*"):
                yield f"{path}: the role allows every action; got {action}; expected named actions"


def _check_service_wildcards(props: Props) -> Iterator[str]:
    for pattern in ("permissions[*].actions[*]", "permissions[*].dataActions[*]"):
        for path, action in find(props, pattern):
            if action is not MISSING and re.fullmatch(r"[^*/]+/\*(/(?!read$).*)?", action):
                yield f"{path}: the role allows a whole service; got {action}; expected named actions"


def _check_role_writes(props: Props) -> Iterator[str]:
    for path, action in find(props, "permissions[*].actions[*]"):
        if action is not MISSING and _ROLE_WRITE.fullmatch(action):
            yield f"{path}: the role can assign roles; got {action}; expected actions without role assignment"


def _check_assignable_scopes(props: Props) -> Iterator[str]:
    for path, scope in find(props, "assignableScopes[*]"):
        if scope is not MISSING and (scope == "/" or "managementgroups" in scope.lower()):
            yield (
                f"{path}: the role is assignable beyond one subscription; got {scope}; expected a subscription or "
                "resource groups"
            )


def _check_federated_subject(props: Props) -> Iterator[str]:
    if "subject" in props:
        subject = str(props["subject"])
        if "*" in subject or subject.endswith(":pull_request"):
            yield (
                f"subject: unknown workloads are trusted; got {subject}; expected one service account, branch or "
                "environment"
            )


RULES: tuple[AnyRule, ...] = (
    StackRule(
        id="azure-authorization-grant-deny-administrator",
        types=(ASSIGNMENT,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="An attacker who obtains the identity controls the subscription and can grant access to others.",
        remedy="Set roleDefinitionId to a narrower role, or scope to a resource or group.",
        reference=_GUIDE + "best-practices",
        check=_deny_roles(_ADMINISTRATORS),
    ),
    StackRule(
        id="azure-authorization-grant-limit-contributor",
        types=(ASSIGNMENT,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A contributor can change and delete everything in the subscription.",
        remedy="Set roleDefinitionId to a narrower role, or scope to a resource or group.",
        reference=_GUIDE + "best-practices",
        check=_deny_roles(_CONTRIBUTOR),
    ),
    Rule(
        id="azure-authorization-grant-deny-people",
        types=(ASSIGNMENT,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="A role of a single user is not revoked when the user's duties change.",
        remedy="Set principalId to a group.",
        reference=_GUIDE + "best-practices",
        check=must_not_be("principalType", "User"),
    ),
    Rule(
        id="azure-authorization-role-deny-everything",
        types=(ROLE,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="A role with all actions equals Owner, but does not appear in reviews of owners.",
        remedy="Set permissions[].actions to named actions.",
        reference=_GUIDE + "custom-roles",
        check=_check_wildcard_actions,
    ),
    Rule(
        id="azure-authorization-role-deny-whole-services",
        types=(ROLE,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A wildcard also allows every action that the service adds later.",
        remedy="Set permissions[].actions to named actions.",
        reference=_GUIDE + "custom-roles",
        check=_check_service_wildcards,
    ),
    Rule(
        id="azure-authorization-role-deny-escalation",
        types=(ROLE,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="An identity that may assign roles can grant itself all of them.",
        remedy="Remove the write actions on roleAssignments and roleDefinitions from permissions[].actions.",
        reference=_GUIDE + "custom-roles",
        check=_check_role_writes,
    ),
    Rule(
        id="azure-authorization-role-limit-scope",
        types=(ROLE,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A role that is assignable everywhere can be granted where its effect was never reviewed.",
        remedy="Set assignableScopes to the subscription or the resource groups.",
        reference=_GUIDE + "custom-roles",
        check=_check_assignable_scopes,
    ),
    Rule(
        id="azure-identity-trust-deny-strangers",
        types=(FEDERATION,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Anyone who opens a pull request or chooses a matching name can use the identity.",
        remedy="Set subject to one service account, branch or environment.",
        reference="https://learn.microsoft.com/en-us/entra/workload-id/workload-identity-federation-considerations",
        check=_check_federated_subject,
    ),
)
