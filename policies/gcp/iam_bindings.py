"""Rules about IAM members, bindings and policies of projects and single resources."""

from __future__ import annotations

import json
from collections.abc import Iterator

from policies.checks import MISSING, find
from policies.gcp.references import ACCOUNTS, StackCheck, comes_from
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

KINDS = ("Member", "Binding", "Policy")


def grant_types(*services: str) -> tuple[str, ...]:
    """Return the three resource types that grant access to one kind of resource, such as ``storage/bucketIAM``."""
    return tuple(
        f"gcp:{module}/{prefix}{kind}:{prefix[0].upper()}{prefix[1:]}{kind}"
        for module, _, prefix in (service.partition("/") for service in services)
        for kind in KINDS
    )


PROJECTS = grant_types("projects/iAM", "folder/iAM", "organizations/iAM")
BUCKETS = grant_types("storage/bucketIAM")
BUCKET_ENTRIES = (
    "gcp:storage/bucketAccessControl:BucketAccessControl",
    "gcp:storage/defaultObjectAccessControl:DefaultObjectAccessControl",
)
_PUBLIC_MEMBERS = ("allUsers", "allAuthenticatedUsers")
_BASIC = ("roles/owner", "roles/editor", "roles/viewer")
_IMPERSONATION = (
    "roles/iam.serviceAccountTokenCreator",
    "roles/iam.serviceAccountUser",
    "roles/iam.serviceAccountKeyAdmin",
    "roles/iam.workloadIdentityUser",
)
_GUIDE = "https://cloud.google.com/iam/docs/"


def roles(props: Props) -> Iterator[tuple[str, str]]:
    """Yield every granted role with its path. Members are not read."""
    if "policyData" in props:
        for index, binding in enumerate(json.loads(props["policyData"]).get("bindings", ())):
            yield f"policyData.bindings[{index}].role", binding["role"]
    else:
        yield "role", props.get("role") or ""


def members(props: Props) -> Iterator[tuple[str, str]]:
    """Yield every member with its path."""
    if "policyData" in props:
        for index, binding in enumerate(json.loads(props["policyData"]).get("bindings", ())):
            for member_index, member in enumerate(binding.get("members", ())):
                yield f"policyData.bindings[{index}].members[{member_index}]", member
        return
    for pattern in ("member", "members[*]", "entity"):
        yield from ((path, member) for path, member in find(props, pattern) if member is not MISSING)


def _foreign_members(grant: Resource, stack: Stack) -> Iterator[tuple[str, str]]:
    """Yield every member that is not an account of this stack. The email of such an account is unknown in a preview."""
    if not comes_from(grant, stack, "member", ACCOUNTS):
        yield from members(grant.inputs)


def must_not_be_public(problem: str) -> StackCheck:
    """Return a check that no member is public. ``problem`` describes the effect."""

    def check(grant: Resource, stack: Stack) -> Iterator[str]:
        for path, member in _foreign_members(grant, stack):
            if member in _PUBLIC_MEMBERS:
                yield f"{path}: {problem}; got {member}; expected named accounts or groups"

    return check


def _check_basic_roles(props: Props) -> Iterator[str]:
    for path, role in roles(props):
        if role in _BASIC:
            yield f"{path}: a basic role is granted; got {role}; expected roles of single services"


def _check_impersonation(props: Props) -> Iterator[str]:
    for path, role in roles(props):
        if role in _IMPERSONATION:
            yield (
                f"{path}: every service account can be impersonated; got {role} on the project; expected the role on "
                "one account"
            )


def _check_program_administrators(props: Props) -> Iterator[str]:
    for path, role in roles(props):
        if role.lower().endswith("admin"):
            holders = [member for _, member in members(props) if member.startswith("serviceAccount:")]
            if holders:
                yield (
                    f"{path}: a service account has an administrator role; got {role}; expected a role without "
                    "administration"
                )


def _check_private_accounts(grant: Resource, stack: Stack) -> Iterator[str]:
    for path, member in _foreign_members(grant, stack):
        if member.endswith("@gmail.com") or member.startswith("deleted:"):
            yield (
                f"{path}: the account is outside the organisation; got {member}; expected an account or group of the "
                "organisation"
            )


_PUBLIC_RULES = {
    "gcp-iam-grant-deny-everybody": (
        grant_types("projects/iAM", "folder/iAM", "organizations/iAM", "serviceaccount/iAM"),
        Severity.CRITICAL,
        "any client has the role",
        "A public role also grants access to attackers.",
        "https://cloud.google.com/iam/docs/overview",
    ),
    "gcp-storage-bucket-deny-everybody": (
        (*BUCKETS, *BUCKET_ENTRIES),
        Severity.CRITICAL,
        "the bucket is public",
        "Automated scanners find and copy public buckets.",
        "https://cloud.google.com/storage/docs/access-control/making-data-public",
    ),
    "gcp-kms-key-deny-everybody": (
        grant_types("kms/cryptoKeyIAM", "kms/keyRingIAM"),
        Severity.CRITICAL,
        "any client can use the key",
        "Anyone who may use the key can decrypt its data.",
        "https://cloud.google.com/kms/docs/iam",
    ),
    "gcp-artifacts-repository-deny-everybody": (
        grant_types("artifactregistry/repositoryIam"),
        Severity.HIGH,
        "the repository is public",
        "Images contain programs and often their credentials.",
        "https://cloud.google.com/artifact-registry/docs/access-control",
    ),
    "gcp-pubsub-topic-deny-everybody": (
        grant_types("pubsub/topicIAM", "pubsub/subscriptionIAM"),
        Severity.HIGH,
        "any client can send or read messages",
        "Unknown clients can send forged messages and read confidential ones.",
        "https://cloud.google.com/pubsub/docs/access-control",
    ),
    "gcp-bigquery-dataset-deny-everybody": (
        grant_types("bigquery/datasetIam", "bigquery/iam"),
        Severity.CRITICAL,
        "the data is public",
        "Public data can be copied before the leak is noticed.",
        "https://cloud.google.com/bigquery/docs/control-access-to-resources-iam",
    ),
    "gcp-secretmanager-secret-deny-everybody": (
        grant_types("secretmanager/secretIam", "secretmanager/regionalSecretIam"),
        Severity.CRITICAL,
        "the secret is public",
        "A public secret grants attackers all access that it protects.",
        "https://cloud.google.com/secret-manager/docs/access-control",
    ),
    "gcp-run-service-deny-everybody": (
        grant_types(
            "cloudrun/iam",
            "cloudrunv2/serviceIam",
            "cloudrunv2/jobIam",
            "cloudfunctions/functionIam",
            "cloudfunctionsv2/functionIam",
        ),
        Severity.HIGH,
        "any client can invoke the service",
        "Anyone can invoke the service at your cost and exploit its vulnerabilities.",
        "https://cloud.google.com/run/docs/authenticating/overview",
    ),
}
"""Public-access rules, which differ in types, severity, message, risk and reference."""

RULES: tuple[AnyRule, ...] = (
    *(
        StackRule(
            id=name,
            types=types,
            severity=severity,
            absent=Absence.ALLOW,
            why=why,
            remedy="Set member or members to the accounts and groups that need access.",
            reference=reference,
            check=must_not_be_public(problem),
        )
        for name, (types, severity, problem, why, reference) in _PUBLIC_RULES.items()
    ),
    Rule(
        id="gcp-iam-grant-deny-basic-roles",
        types=PROJECTS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Owner, editor and viewer apply to every service, including future ones.",
        remedy="Set role to the roles of the required services.",
        reference=_GUIDE + "roles-overview",
        check=_check_basic_roles,
    ),
    Rule(
        id="gcp-iam-grant-deny-impersonation",
        types=PROJECTS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A member that may impersonate every account has the roles of all of them.",
        remedy="Move the role to the one service account that it is needed for.",
        reference=_GUIDE + "service-account-permissions",
        check=_check_impersonation,
    ),
    Rule(
        id="gcp-iam-grant-deny-administering-programs",
        types=PROJECTS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A vulnerability in the program exposes the whole project.",
        remedy="Set role to a role with only the required permissions, on the required resource.",
        reference=_GUIDE + "best-practices-service-accounts",
        check=_check_program_administrators,
    ),
    StackRule(
        id="gcp-iam-grant-deny-strangers",
        types=PROJECTS,
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="The organisation cannot disable a private account when its owner leaves.",
        remedy="Set member or members to accounts and groups of the organisation.",
        reference=_GUIDE + "overview",
        check=_check_private_accounts,
    ),
)
