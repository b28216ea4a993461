"""What identities may do: policies of roles, groups and users."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from policies.aws.documents import Statement, allowed, conditions, texts
from policies.checks import MISSING, find
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity

ROLE = "aws:iam/role:Role"
POLICIES = (
    "aws:iam/policy:Policy",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/userPolicy:UserPolicy",
    "aws:iam/groupPolicy:GroupPolicy",
    ROLE,
)
"""What holds a policy; a role may hold some inside."""

_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
_LEAST = _GUIDE + "best-practices.html"
_READS = ("get", "list", "describe", "batchget", "query", "scan", "search", "view", "lookup", "check", "head")
_ESCALATIONS = tuple(
    f"iam:{name}"
    for name in (
        "AddUserToGroup", "AttachGroupPolicy", "AttachRolePolicy", "AttachUserPolicy", "CreateAccessKey",
        "CreateLoginProfile", "CreatePolicyVersion", "PutGroupPolicy", "PutRolePolicy", "PutUserPolicy",
        "SetDefaultPolicyVersion", "UpdateAssumeRolePolicy", "UpdateLoginProfile",
    )
)  # fmt: skip
"""Each of these makes whoever may do it to any identity an administrator."""


def _grants(props: Props) -> Iterator[tuple[str, Statement]]:
    """Every statement that allows something, with its path."""
    for path in ("policy", "inlinePolicies[*].policy"):
        for at, document in find(props, path):
            if document is not MISSING:
                yield from allowed(document, at)


def _is_everywhere(statement: Statement) -> bool:
    return "*" in texts(statement.get("Resource"))


def _covers(pattern: str, action: str) -> bool:
    return fnmatchcase(action.lower(), pattern.lower())


def _each(is_wrong: Callable[[Statement], str]) -> Callable[[Props], Iterator[str]]:
    """Statements of which the function says something."""

    def check(props: Props) -> Iterator[str]:
        for at, statement in _grants(props):
            if said := is_wrong(statement):
                yield f"{at}: {said}"

    return check


def _administers(statement: Statement) -> str:
    all_actions = any(action in ("*", "*:*") for action in texts(statement.get("Action")))
    return "allows everything on everything" if all_actions and _is_everywhere(statement) else ""


def _takes_a_service(statement: Statement) -> str:
    whole = [one for one in texts(statement.get("Action")) if one.endswith(":*") and not one.startswith("*")]
    return f"allows {whole[0]} on everything" if whole and _is_everywhere(statement) else ""


def _is_by_exception(statement: Statement) -> str:
    named = [name for name in ("NotAction", "NotResource") if name in statement]
    return f"allows everything that {named[0]} does not name" if named else ""


def _passes_any_role(statement: Statement) -> str:
    passes = any(_covers(action, "iam:PassRole") for action in texts(statement.get("Action")))
    bound = any(key == "iam:passedtoservice" for _, key, _ in conditions(statement))
    return "hands any role to any service" if passes and _is_everywhere(statement) and not bound else ""


def _escalates(statement: Statement) -> str:
    actions = texts(statement.get("Action"))
    if not _is_everywhere(statement) or "*" in actions:
        return ""
    found = [name for name in _ESCALATIONS if any(_covers(action, name) for action in actions)]
    return f"allows {found[0]} on everything" if found else ""


def _writes_anywhere(statement: Statement) -> str:
    writes = [one for one in texts(statement.get("Action")) if not one.partition(":")[2].lower().startswith(_READS)]
    free = _is_everywhere(statement) and not statement.get("Condition")
    return f"allows {writes[0]} on everything" if writes and free else ""


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-iam-policy-deny-administrator",
        types=POLICIES,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Whoever gets hold of the identity owns the account.",
        remedy="Name the actions and the resources that it needs.",
        reference=_LEAST,
        check=_each(_administers),
    ),
    Rule(
        id="aws-iam-policy-deny-whole-services",
        types=POLICIES,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="All of a service includes deleting it, sharing it, and whatever AWS adds to it next year.",
        remedy="Name the actions, or the resources.",
        reference=_LEAST,
        check=_each(_takes_a_service),
    ),
    Rule(
        id="aws-iam-policy-deny-exceptions",
        types=POLICIES,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="All but the named grows with every service, and nobody reads what that is.",
        remedy="Name what is allowed in Action and Resource, and what is not in a Deny.",
        reference=_GUIDE + "reference_policies_elements_notaction.html",
        check=_each(_is_by_exception),
    ),
    Rule(
        id="aws-iam-policy-deny-passing-any-role",
        types=POLICIES,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Whoever may hand any role to a machine starts one with the strongest role there is.",
        remedy="Name the roles in Resource, or the service in a condition on iam:PassedToService.",
        reference=_GUIDE + "id_roles_use_passrole.html",
        check=_each(_passes_any_role),
    ),
    Rule(
        id="aws-iam-policy-deny-escalation",
        types=POLICIES,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Whoever may change the rights of any identity has all rights, one call later.",
        remedy="Name the identities in Resource, and bind them with a permissions boundary.",
        reference=_GUIDE + "access_policies_boundaries.html",
        check=_each(_escalates),
    ),
    Rule(
        id="aws-iam-policy-limit-resources",
        types=POLICIES,
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="A right to change everything of a kind is used on what belongs to others.",
        remedy="Name the resources, or add a condition on their tags.",
        reference=_LEAST,
        check=_each(_writes_anywhere),
    ),
)
