"""Rules about IAM policies: the permissions of roles, groups and users."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from policies.aws.policy_documents import Statement, allow_statements, conditions, texts
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
"""Types of resources that contain a policy."""

_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
_BEST_PRACTICES = _GUIDE + "best-practices.html"
_READS = ("get", "list", "describe", "batchget", "query", "scan", "search", "view", "lookup", "check", "head")
_ESCALATIONS = tuple(
    f"iam:{name}"
    for name in (
        "AddUserToGroup", "AttachGroupPolicy", "AttachRolePolicy", "AttachUserPolicy", "CreateAccessKey",
        "CreateLoginProfile", "CreatePolicyVersion", "PutGroupPolicy", "PutRolePolicy", "PutUserPolicy",
        "SetDefaultPolicyVersion", "UpdateAssumeRolePolicy", "UpdateLoginProfile",
    )
)  # fmt: skip
"""Actions that each make an identity an administrator when allowed on any identity."""


def _allow_statements_of(props: Props) -> Iterator[tuple[str, Statement]]:
    """Yield every statement with the effect Allow, with its path."""
    for pattern in ("policy", "inlinePolicies[*].policy"):
        for path, document in find(props, pattern):
            if document is not MISSING:
                yield from allow_statements(document, path)


def _is_unrestricted(statement: Statement) -> bool:
    return "*" in texts(statement.get("Resource"))


def _matches(pattern: str, action: str) -> bool:
    return fnmatchcase(action.lower(), pattern.lower())


def _each_statement(problem_of: Callable[[Statement], str]) -> Callable[[Props], Iterator[str]]:
    """Return a check that yields the problem the function reports about each statement."""

    def check(props: Props) -> Iterator[str]:
        for path, statement in _allow_statements_of(props):
            if problem := problem_of(statement):
                yield f"{path}: {problem}"

    return check


def _administrator_problem(statement: Statement) -> str:
    all_actions = any(action in ("*", "*:*") for action in texts(statement.get("Action")))
    return (
        "all actions on all resources are allowed; got *; expected named actions and resources"
        if all_actions and _is_unrestricted(statement)
        else ""
    )


def _service_problem(statement: Statement) -> str:
    wildcards = [
        action for action in texts(statement.get("Action")) if action.endswith(":*") and not action.startswith("*")
    ]
    return (
        f"a whole service is allowed on all resources; got {wildcards[0]}; expected named actions or resources"
        if wildcards and _is_unrestricted(statement)
        else ""
    )


def _exception_problem(statement: Statement) -> str:
    exceptions = [name for name in ("NotAction", "NotResource") if name in statement]
    return (
        f"permissions are defined by exclusion; got {exceptions[0]}; expected Action and Resource" if exceptions else ""
    )


def _pass_role_problem(statement: Statement) -> str:
    passes = any(_matches(action, "iam:PassRole") for action in texts(statement.get("Action")))
    is_restricted = any(key == "iam:passedtoservice" for _, key, _ in conditions(statement))
    return (
        "any role can be passed to any service; got iam:PassRole on *; expected named roles or services"
        if passes and _is_unrestricted(statement) and not is_restricted
        else ""
    )


def _escalation_problem(statement: Statement) -> str:
    actions = texts(statement.get("Action"))
    if not _is_unrestricted(statement) or "*" in actions:
        return ""
    escalations = [name for name in _ESCALATIONS if any(_matches(action, name) for action in actions)]
    return f"privileges can be escalated; got {escalations[0]} on *; expected named identities" if escalations else ""


def _write_problem(statement: Statement) -> str:
    writes = [
        action for action in texts(statement.get("Action")) if not action.partition(":")[2].lower().startswith(_READS)
    ]
    unrestricted = _is_unrestricted(statement) and not statement.get("Condition")
    return (
        f"a write action is allowed on all resources; got {writes[0]} on *; expected named resources or a condition"
        if writes and unrestricted
        else ""
    )


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-iam-policy-deny-administrator",
        types=POLICIES,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="An attacker who obtains the identity controls the account.",
        remedy="Set Action and Resource to the required actions and resources.",
        reference=_BEST_PRACTICES,
        check=_each_statement(_administrator_problem),
    ),
    Rule(
        id="aws-iam-policy-deny-whole-services",
        types=POLICIES,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="All actions of a service include deleting and sharing, and all actions that AWS adds later.",
        remedy="Set Action to named actions, or Resource to named resources.",
        reference=_BEST_PRACTICES,
        check=_each_statement(_service_problem),
    ),
    Rule(
        id="aws-iam-policy-deny-exceptions",
        types=POLICIES,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A policy by exclusion grows with every new service, so its effect cannot be reviewed.",
        remedy="Set Action and Resource to the allowed ones, and add exclusions to a Deny statement.",
        reference=_GUIDE + "reference_policies_elements_notaction.html",
        check=_each_statement(_exception_problem),
    ),
    Rule(
        id="aws-iam-policy-deny-passing-any-role",
        types=POLICIES,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="An identity that may pass any role can start a machine with the most powerful role.",
        remedy="Set Resource to the roles, or add a condition on iam:PassedToService.",
        reference=_GUIDE + "id_roles_use_passrole.html",
        check=_each_statement(_pass_role_problem),
    ),
    Rule(
        id="aws-iam-policy-deny-escalation",
        types=POLICIES,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="An identity that may change the permissions of any identity can grant itself all permissions.",
        remedy="Set Resource to the identities, and restrict them with a permissions boundary.",
        reference=_GUIDE + "access_policies_boundaries.html",
        check=_each_statement(_escalation_problem),
    ),
    Rule(
        id="aws-iam-policy-limit-resources",
        types=POLICIES,
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="A permission on all resources of a type also applies to the resources of other teams.",
        remedy="Set Resource to named resources, or add a condition on their tags.",
        reference=_BEST_PRACTICES,
        check=_each_statement(_write_problem),
    ),
)
