"""Who is somebody on AWS: roles and whom they trust, users, keys and passwords."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from policies.aws.documents import Statement, allowed, conditions, is_for_anybody, texts
from policies.aws.permissions import ROLE
from policies.aws.relations import StackCheck, about, comes_from
from policies.checks import MISSING, find, must_be, must_be_at_least, must_be_set, must_not_be_set
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

USER = "aws:iam/user:User"
ACCESS_KEY = "aws:iam/accessKey:AccessKey"
LOGIN = "aws:iam/userLoginProfile:UserLoginProfile"
PASSWORDS = "aws:iam/accountPasswordPolicy:AccountPasswordPolicy"
POLICY = "aws:iam/policy:Policy"
USER_POLICIES = ("aws:iam/userPolicy:UserPolicy", "aws:iam/userPolicyAttachment:UserPolicyAttachment")
ATTACHMENTS = (
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment",
    "aws:iam/policyAttachment:PolicyAttachment",
)

_GUIDE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/"
_TRUST = _GUIDE + "reference_policies_elements_principal.html"
_PASSWORDS = _GUIDE + "id_credentials_passwords_account-policy.html"
_ADMINISTRATORS = ("/AdministratorAccess", "/IAMFullAccess", "/PowerUserAccess")
_ANY_SUBJECT = ("*", "repo:*", "system:serviceaccount:*:*")


def _each(is_wrong: Callable[[Statement], Iterable[str]]) -> Callable[[Props], Iterator[str]]:
    """Statements of a role's trust policy of which the function says something."""

    def check(props: Props) -> Iterator[str]:
        if document := props.get("assumeRolePolicy"):
            for at, statement in allowed(document, "assumeRolePolicy"):
                yield from (f"{at}: {said}" for said in is_wrong(statement))

    return check


def _trusts_anybody(statement: Statement) -> Iterator[str]:
    if is_for_anybody(statement):
        yield "anybody may become it"


def _trusts_account(statement: Statement) -> Iterator[str]:
    if any(name.endswith(":root") for name in _named(statement, "AWS")) and not statement.get("Condition"):
        yield "everybody in an account may become it"


def _trusts_any_token(statement: Statement) -> Iterator[str]:
    """Which claims of a token the statement leaves open."""
    if not any(":oidc-provider/" in name for name in _named(statement, "Federated")):
        return
    bound = {
        key.rpartition(":")[2]: values
        for operator, key, values in conditions(statement)
        if operator in ("stringequals", "stringlike")
    }
    for claim in ("sub", "aud"):
        if not bound.get(claim) or any(value in _ANY_SUBJECT for value in bound[claim]):
            yield f"takes a token with any {claim}"


def _named(statement: Statement, kind: str) -> tuple[str, ...]:
    principal = statement.get("Principal")
    return tuple(texts(principal.get(kind))) if isinstance(principal, Mapping) else ()


def _logs_in(user: Resource, stack: Stack) -> Iterator[str]:
    if about(user, stack, (LOGIN,), "user", by="name"):
        yield "name: has a password for the console"


def _has_own_rights(user: Resource, stack: Stack) -> Iterator[str]:
    for one in about(user, stack, USER_POLICIES, "user", by="name"):
        yield f"name: has rights of its own by {one.name}"


def _attaches(names: tuple[str, ...]) -> StackCheck:
    """One of these policies of AWS is attached."""

    def check(attachment: Resource, stack: Stack) -> Iterator[str]:
        # A policy of this stack is judged by what it says, and its ARN is not known before it is there.
        if not comes_from(attachment, stack, "policyArn", (POLICY,)):
            arn = str(attachment.props["policyArn"])
            if arn.endswith(names):
                yield f"policyArn: is {arn.rpartition('/')[2]}"

    return check


def _is_bounded(role: Resource, stack: Stack) -> Iterator[str]:
    if not comes_from(role, stack, "permissionsBoundary", (POLICY,)):
        yield from must_be_set("permissionsBoundary")(role.props)


def _holds_administrator(props: Props) -> Iterator[str]:
    if "managedPolicyArns" in props:
        for at, arn in find(props, "managedPolicyArns[*]"):
            if arn is not MISSING and str(arn).endswith(_ADMINISTRATORS):
                yield f"{at}: is {str(arn).rpartition('/')[2]}"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-iam-role-deny-open-trust",
        types=(ROLE,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="A role that trusts everybody gives its rights to every account there is.",
        remedy="Name the service, the account or the provider that may become it.",
        reference=_TRUST,
        check=_each(_trusts_anybody),
    ),
    Rule(
        id="aws-iam-role-limit-tokens",
        types=(ROLE,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="A provider signs tokens for everybody it knows, and all of them may become the role.",
        remedy="Add a condition on both the sub and the aud of the token, without a bare wildcard.",
        reference=_GUIDE + "id_roles_create_for-idp_oidc.html",
        check=_each(_trusts_any_token),
    ),
    Rule(
        id="aws-iam-role-limit-accounts",
        types=(ROLE,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="Trust in a whole account grows with everybody who gets an identity there.",
        remedy="Name the role that may become it, or add a condition such as sts:ExternalId.",
        reference=_TRUST,
        check=_each(_trusts_account),
    ),
    StackRule(
        id="aws-iam-attachment-deny-administrator",
        types=ATTACHMENTS,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Whoever gets hold of the identity owns the account.",
        remedy="Attach a policy that names what is needed.",
        reference=_GUIDE + "best-practices.html",
        check=_attaches(_ADMINISTRATORS),
    ),
    StackRule(
        id="aws-iam-attachment-limit-cloudshell",
        types=ATTACHMENTS,
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="The shell has an own way to the Internet, by which data leaves past every rule of the network.",
        remedy="Attach a policy that refuses cloudshell:GetFileDownloadUrls.",
        reference="https://docs.aws.amazon.com/cloudshell/latest/userguide/sec-auth-with-identities.html",
        check=_attaches(("/AWSCloudShellFullAccess",)),
    ),
    Rule(
        id="aws-iam-role-deny-administrator",
        types=(ROLE,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Whoever gets hold of the role owns the account.",
        remedy="Take the policy out of managedPolicyArns, and attach one that names what is needed.",
        reference=_GUIDE + "best-practices.html",
        check=_holds_administrator,
    ),
    Rule(
        id="aws-iam-role-deny-inline",
        types=(ROLE,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="A policy inside a role is reviewed by nobody who looks at policies.",
        remedy="Declare it as a RolePolicy or a Policy, and attach that.",
        reference=_GUIDE + "access_policies_managed-vs-inline.html",
        check=must_not_be_set("inlinePolicies"),
    ),
    StackRule(
        id="aws-iam-role-require-boundary",
        types=(ROLE,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Without a boundary a mistake in one policy is as large as the account.",
        remedy="Set permissionsBoundary.",
        reference=_GUIDE + "access_policies_boundaries.html",
        check=_is_bounded,
    ),
    Rule(
        id="aws-iam-accesskey-deny-active",
        types=(ACCESS_KEY,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A key that never ends is found in a log, a laptop or a repository, and works.",
        remedy="Use a role; where the key goes first, set status: Inactive.",
        reference=_GUIDE + "id_credentials_access-keys.html",
        check=must_be("status", "Inactive"),
    ),
    StackRule(
        id="aws-iam-user-deny-console",
        types=(USER,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A password of a user is known to AWS alone, outlives who had it, and needs no second factor.",
        remedy="Let people come from the identity provider, and remove the login profile.",
        reference=_GUIDE + "best-practices.html",
        check=_logs_in,
    ),
    StackRule(
        id="aws-iam-user-deny-direct-rights",
        types=(USER,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Rights of a single user are forgotten when the user's work changes.",
        remedy="Give the rights to a group or a role.",
        reference=_GUIDE + "id_users_change-permissions.html",
        check=_has_own_rights,
    ),
    Rule(
        id="aws-iam-passwords-require-length",
        types=(PASSWORDS,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A short password is found by trying.",
        remedy="Set minimumPasswordLength to at least 14.",
        reference=_PASSWORDS,
        check=must_be_at_least("minimumPasswordLength", 14),
    ),
    Rule(
        id="aws-iam-passwords-deny-reuse",
        types=(PASSWORDS,),
        severity=Severity.LOW,
        absent=Absence.DENY,
        why="A password that was lost once comes back.",
        remedy="Set passwordReusePrevention: 24.",
        reference=_PASSWORDS,
        check=must_be_at_least("passwordReusePrevention", 24),
    ),
)
