"""Rules about IAM roles and their trust, users, access keys and passwords."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from policies.aws.permissions import ROLE
from policies.aws.policy_documents import Statement, allow_statements, conditions, is_public, texts
from policies.aws.references import StackCheck, comes_from, referrers
from policies.checks import MISSING, find, format_value, must_be, must_be_at_least, must_be_set, must_not_be_set
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


def _each_statement(problems: Callable[[Statement], Iterable[str]]) -> Callable[[Props], Iterator[str]]:
    """Return a check that yields each problem the function reports about a role's trust statements."""

    def check(props: Props) -> Iterator[str]:
        if document := props.get("assumeRolePolicy"):
            for path, statement in allow_statements(document, "assumeRolePolicy"):
                yield from (f"{path}: {problem}" for problem in problems(statement))

    return check


def _public_trust(statement: Statement) -> Iterator[str]:
    if is_public(statement):
        yield "the role trusts all principals; got Principal *; expected a named service, account or provider"


def _account_trust(statement: Statement) -> Iterator[str]:
    if any(name.endswith(":root") for name in _principals(statement, "AWS")) and not statement.get("Condition"):
        yield "the role trusts a whole account; got an account root without a condition; expected a role or a condition"


def _unrestricted_claims(statement: Statement) -> Iterator[str]:
    """Yield each claim of the token that the statement leaves unrestricted."""
    if not any(":oidc-provider/" in name for name in _principals(statement, "Federated")):
        return
    restrictions = {
        key.rpartition(":")[2]: values
        for operator, key, values in conditions(statement)
        if operator in ("stringequals", "stringlike")
    }
    for claim in ("sub", "aud"):
        if not restrictions.get(claim) or any(value in _ANY_SUBJECT for value in restrictions[claim]):
            yield (
                f"the role accepts a token with any {claim}; got {format_value(restrictions.get(claim))}; expected a "
                f"condition on {claim}"
            )


def _principals(statement: Statement, principal_type: str) -> tuple[str, ...]:
    principal = statement.get("Principal")
    return tuple(texts(principal.get(principal_type))) if isinstance(principal, Mapping) else ()


def _check_console_password(user: Resource, stack: Stack) -> Iterator[str]:
    if referrers(user, stack, (LOGIN,), "user", by="name"):
        yield "name: the user has a console password; got a UserLoginProfile; expected none"


def _check_direct_policies(user: Resource, stack: Stack) -> Iterator[str]:
    for policy in referrers(user, stack, USER_POLICIES, "user", by="name"):
        yield f"name: the user has a policy of its own; got {policy.name}; expected policies on groups or roles"


def _deny_attachment(names: tuple[str, ...]) -> StackCheck:
    """Return a check that none of these AWS managed policies is attached."""

    def check(attachment: Resource, stack: Stack) -> Iterator[str]:
        # Other rules judge a policy of this stack by its statements. Its ARN is unknown before the deployment.
        if not comes_from(attachment, stack, "policyArn", (POLICY,)):
            arn = str(attachment.props["policyArn"])
            if arn.endswith(names):
                yield (
                    f"policyArn: a too powerful managed policy is attached; got {arn.rpartition('/')[2]}; expected a "
                    "policy that names actions and resources"
                )

    return check


def _check_boundary(role: Resource, stack: Stack) -> Iterator[str]:
    if not comes_from(role, stack, "permissionsBoundary", (POLICY,)):
        yield from must_be_set("permissionsBoundary")(role.props)


def _check_managed_policies(props: Props) -> Iterator[str]:
    if "managedPolicyArns" in props:
        for path, arn in find(props, "managedPolicyArns[*]"):
            if arn is not MISSING and str(arn).endswith(_ADMINISTRATORS):
                yield (
                    f"{path}: an administrator policy is attached; got {str(arn).rpartition('/')[2]}; expected a "
                    "policy that names actions and resources"
                )


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-iam-role-deny-open-trust",
        types=(ROLE,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Any AWS account can assume a role that trusts all principals.",
        remedy="Set Principal in assumeRolePolicy to the service, account or provider.",
        reference=_TRUST,
        check=_each_statement(_public_trust),
    ),
    Rule(
        id="aws-iam-role-limit-tokens",
        types=(ROLE,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="The provider issues tokens to all its users, and each of them can assume the role.",
        remedy="Add a condition on the token's sub and aud to assumeRolePolicy, without a bare wildcard.",
        reference=_GUIDE + "id_roles_create_for-idp_oidc.html",
        check=_each_statement(_unrestricted_claims),
    ),
    Rule(
        id="aws-iam-role-limit-accounts",
        types=(ROLE,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="Every future identity of the trusted account can assume the role.",
        remedy="Set Principal in assumeRolePolicy to a role, or add a condition such as sts:ExternalId.",
        reference=_TRUST,
        check=_each_statement(_account_trust),
    ),
    StackRule(
        id="aws-iam-attachment-deny-administrator",
        types=ATTACHMENTS,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="An attacker who obtains the identity controls the account.",
        remedy="Replace policyArn by a policy that names the required actions.",
        reference=_GUIDE + "best-practices.html",
        check=_deny_attachment(_ADMINISTRATORS),
    ),
    StackRule(
        id="aws-iam-attachment-limit-cloudshell",
        types=ATTACHMENTS,
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="CloudShell has its own Internet access, so data can leave past all network rules.",
        remedy="Replace policyArn by a policy that denies cloudshell:GetFileDownloadUrls.",
        reference="https://docs.aws.amazon.com/cloudshell/latest/userguide/sec-auth-with-identities.html",
        check=_deny_attachment(("/AWSCloudShellFullAccess",)),
    ),
    Rule(
        id="aws-iam-role-deny-administrator",
        types=(ROLE,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="An attacker who obtains the role controls the account.",
        remedy="Remove the policy from managedPolicyArns, and attach one that names the required actions.",
        reference=_GUIDE + "best-practices.html",
        check=_check_managed_policies,
    ),
    Rule(
        id="aws-iam-role-deny-inline",
        types=(ROLE,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="An inline policy is invisible in reviews of the account's policies.",
        remedy="Replace inlinePolicies by a RolePolicy or an attached Policy.",
        reference=_GUIDE + "access_policies_managed-vs-inline.html",
        check=must_not_be_set("inlinePolicies"),
    ),
    StackRule(
        id="aws-iam-role-require-boundary",
        types=(ROLE,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Without a boundary, one mistake in a policy can expose the whole account.",
        remedy="Set permissionsBoundary.",
        reference=_GUIDE + "access_policies_boundaries.html",
        check=_check_boundary,
    ),
    Rule(
        id="aws-iam-accesskey-deny-active",
        types=(ACCESS_KEY,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A key without expiry that leaks through a log, laptop or repository still works.",
        remedy="Replace the key by a role, or set status: Inactive.",
        reference=_GUIDE + "id_credentials_access-keys.html",
        check=must_be("status", "Inactive"),
    ),
    StackRule(
        id="aws-iam-user-deny-console",
        types=(USER,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A console password bypasses the identity provider, survives staff changes and needs no second factor.",
        remedy="Remove the UserLoginProfile, and sign users in through the identity provider.",
        reference=_GUIDE + "best-practices.html",
        check=_check_console_password,
    ),
    StackRule(
        id="aws-iam-user-deny-direct-rights",
        types=(USER,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Permissions of a single user are forgotten when the user's duties change.",
        remedy="Move the policy to a group or role, instead of the user.",
        reference=_GUIDE + "id_users_change-permissions.html",
        check=_check_direct_policies,
    ),
    Rule(
        id="aws-iam-passwords-require-length",
        types=(PASSWORDS,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A short password can be guessed.",
        remedy="Set minimumPasswordLength to at least 14.",
        reference=_PASSWORDS,
        check=must_be_at_least("minimumPasswordLength", 14),
    ),
    Rule(
        id="aws-iam-passwords-deny-reuse",
        types=(PASSWORDS,),
        severity=Severity.LOW,
        absent=Absence.DENY,
        why="A password that leaked once may be used again.",
        remedy="Set passwordReusePrevention: 24.",
        reference=_PASSWORDS,
        check=must_be_at_least("passwordReusePrevention", 24),
    ),
)
