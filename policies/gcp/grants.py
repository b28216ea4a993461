"""Who is given what on Google Cloud: members, bindings and whole policies of projects and of single resources."""

from __future__ import annotations

import json
from collections.abc import Iterator

from policies.checks import MISSING, find
from policies.gcp.relations import ACCOUNTS, StackCheck, comes_from
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

KINDS = ("Member", "Binding", "Policy")


def grants_of(*services: str) -> tuple[str, ...]:
    """The three types by which access to one thing is given, such as ``storage/bucketIAM``."""
    return tuple(
        f"gcp:{module}/{prefix}{kind}:{prefix[0].upper()}{prefix[1:]}{kind}"
        for module, _, prefix in (service.partition("/") for service in services)
        for kind in KINDS
    )


PROJECTS = grants_of("projects/iAM", "folder/iAM", "organizations/iAM")
BUCKETS = grants_of("storage/bucketIAM")
BUCKET_ENTRIES = (
    "gcp:storage/bucketAccessControl:BucketAccessControl",
    "gcp:storage/defaultObjectAccessControl:DefaultObjectAccessControl",
)
_EVERYBODY = ("allUsers", "allAuthenticatedUsers")
_BASIC = ("roles/owner", "roles/editor", "roles/viewer")
_IMPERSONATION = (
    "roles/iam.serviceAccountTokenCreator",
    "roles/iam.serviceAccountUser",
    "roles/iam.serviceAccountKeyAdmin",
    "roles/iam.workloadIdentityUser",
)
_GUIDE = "https://cloud.google.com/iam/docs/"


def roles(props: Props) -> Iterator[tuple[str, str]]:
    """Every role that is given, with its path; the members are not read."""
    if "policyData" in props:
        for index, binding in enumerate(json.loads(props["policyData"]).get("bindings", ())):
            yield f"policyData.bindings[{index}].role", binding["role"]
    else:
        yield "role", props.get("role") or ""


def members(props: Props) -> Iterator[tuple[str, str]]:
    """Everybody who is given something, with the path."""
    if "policyData" in props:
        for index, binding in enumerate(json.loads(props["policyData"]).get("bindings", ())):
            for place, one in enumerate(binding.get("members", ())):
                yield f"policyData.bindings[{index}].members[{place}]", one
        return
    for path in ("member", "members[*]", "entity"):
        yield from ((at, one) for at, one in find(props, path) if one is not MISSING)


def _named(grant: Resource, stack: Stack) -> Iterator[tuple[str, str]]:
    """Whoever is given something by name. An account of the stack is nobody else, whatever it will be called."""
    if not comes_from(grant, stack, "member", ACCOUNTS):
        yield from members(grant.inputs)


def must_not_be_for_everybody(what: str) -> StackCheck:
    """Nobody is given something by being anybody."""

    def check(grant: Resource, stack: Stack) -> Iterator[str]:
        for at, one in _named(grant, stack):
            if one in _EVERYBODY:
                yield f"{at}: is {one}, so {what}"

    return check


def _is_basic(props: Props) -> Iterator[str]:
    for at, role in roles(props):
        if role in _BASIC:
            yield f"{at}: is {role}, which allows thousands of things"


def _lends_every_account(props: Props) -> Iterator[str]:
    for at, role in roles(props):
        if role in _IMPERSONATION:
            yield f"{at}: is {role} on every account there is and will be"


def _administers(props: Props) -> Iterator[str]:
    for at, role in roles(props):
        if role.lower().endswith("admin"):
            holders = [one for _, one in members(props) if one.startswith("serviceAccount:")]
            if holders:
                yield f"{at}: is {role}, and a program holds it"


def _is_for_strangers(grant: Resource, stack: Stack) -> Iterator[str]:
    for at, one in _named(grant, stack):
        if one.endswith("@gmail.com") or one.startswith("deleted:"):
            yield f"{at}: is {one}"


_PUBLIC = {
    "gcp-iam-grant-deny-everybody": (
        grants_of("projects/iAM", "folder/iAM", "organizations/iAM", "serviceaccount/iAM"),
        Severity.CRITICAL,
        "anybody has the role",
        "A role for everybody is a role for whoever means harm.",
        "https://cloud.google.com/iam/docs/overview",
    ),
    "gcp-storage-bucket-deny-everybody": (
        (*BUCKETS, *BUCKET_ENTRIES),
        Severity.CRITICAL,
        "anybody reads the bucket or more",
        "Buckets that anybody reads are found by programs that look for nothing else.",
        "https://cloud.google.com/storage/docs/access-control/making-data-public",
    ),
    "gcp-kms-key-deny-everybody": (
        grants_of("kms/cryptoKeyIAM", "kms/keyRingIAM"),
        Severity.CRITICAL,
        "anybody uses the key",
        "What a key encrypts is open to everybody who may use it.",
        "https://cloud.google.com/kms/docs/iam",
    ),
    "gcp-artifacts-repository-deny-everybody": (
        grants_of("artifactregistry/repositoryIam"),
        Severity.HIGH,
        "anybody pulls the images or more",
        "Images hold programs and, too often, what they log in with.",
        "https://cloud.google.com/artifact-registry/docs/access-control",
    ),
    "gcp-pubsub-topic-deny-everybody": (
        grants_of("pubsub/topicIAM", "pubsub/subscriptionIAM"),
        Severity.HIGH,
        "anybody sends or reads messages",
        "Messages of strangers are taken for one's own, and one's own are read by strangers.",
        "https://cloud.google.com/pubsub/docs/access-control",
    ),
    "gcp-bigquery-dataset-deny-everybody": (
        grants_of("bigquery/datasetIam", "bigquery/iam"),
        Severity.CRITICAL,
        "anybody reads the data",
        "Data that everybody reads is copied before somebody notices.",
        "https://cloud.google.com/bigquery/docs/control-access-to-resources-iam",
    ),
    "gcp-secretmanager-secret-deny-everybody": (
        grants_of("secretmanager/secretIam", "secretmanager/regionalSecretIam"),
        Severity.CRITICAL,
        "anybody reads the secret",
        "A secret that everybody reads is none.",
        "https://cloud.google.com/secret-manager/docs/access-control",
    ),
    "gcp-run-service-deny-everybody": (
        grants_of(
            "cloudrun/iam",
            "cloudrunv2/serviceIam",
            "cloudrunv2/jobIam",
            "cloudfunctions/functionIam",
            "cloudfunctionsv2/functionIam",
        ),
        Severity.HIGH,
        "anybody calls it",
        "A program that anybody calls is paid for by its owner, and its first hole is everybody's.",
        "https://cloud.google.com/run/docs/authenticating/overview",
    ),
}
"""Rules that are alike but for what is given: types, severity, the message, why, reference."""

RULES: tuple[AnyRule, ...] = (
    *(
        StackRule(
            id=name,
            types=types,
            severity=severity,
            absent=Absence.ALLOW,
            why=why,
            remedy="Name the accounts and groups that need it.",
            reference=reference,
            check=must_not_be_for_everybody(what),
        )
        for name, (types, severity, what, why, reference) in _PUBLIC.items()
    ),
    Rule(
        id="gcp-iam-grant-deny-basic-roles",
        types=PROJECTS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Owner, editor and viewer reach every service, also those that come later.",
        remedy="Give the roles of the few services that are needed.",
        reference=_GUIDE + "roles-overview",
        check=_is_basic,
    ),
    Rule(
        id="gcp-iam-grant-deny-impersonation",
        types=PROJECTS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Whoever may act as every account has the roles of all of them.",
        remedy="Give the role on the one service account that is meant.",
        reference=_GUIDE + "service-account-permissions",
        check=_lends_every_account,
    ),
    Rule(
        id="gcp-iam-grant-deny-administering-programs",
        types=PROJECTS,
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A hole in the program is then a hole in the project.",
        remedy="Give the program the role that does what it does, on the resource that it does it to.",
        reference=_GUIDE + "best-practices-service-accounts",
        check=_administers,
    ),
    StackRule(
        id="gcp-iam-grant-deny-strangers",
        types=PROJECTS,
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="Nobody locks a private address when its owner leaves.",
        remedy="Name accounts and groups of the organisation.",
        reference=_GUIDE + "overview",
        check=_is_for_strangers,
    ),
)
