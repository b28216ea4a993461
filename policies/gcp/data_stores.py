"""Rules about Memorystore, BigQuery, Pub/Sub and Secret Manager."""

from __future__ import annotations

from collections.abc import Iterator

from policies.checks import MISSING, find, must_be, must_be_set, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity

CACHE = "gcp:redis/instance:Instance"
DATASET = "gcp:bigquery/dataset:Dataset"
ENTRY = "gcp:bigquery/datasetAccess:DatasetAccess"
SUBSCRIPTION = "gcp:pubsub/subscription:Subscription"
SECRETS = ("gcp:secretmanager/secret:Secret", "gcp:secretmanager/regionalSecret:RegionalSecret")

_PUBLIC_MEMBERS = ("allAuthenticatedUsers", "allUsers")
_SECRETS = "https://cloud.google.com/secret-manager/docs/"


def _check_public_access(props: Props) -> Iterator[str]:
    for pattern in ("accesses[*].specialGroup", "accesses[*].iamMember", "specialGroup", "iamMember"):
        for path, member in find(props, pattern):
            if member is not MISSING and member in _PUBLIC_MEMBERS:
                yield f"{path}: the data is public; got {member}; expected named accounts or groups"


def _check_push_token(props: Props) -> Iterator[str]:
    push = props.get("pushConfig")
    if push and not push.get("oidcToken"):
        yield "pushConfig.oidcToken: the receiver cannot authenticate the sender; got nothing; expected an oidcToken"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-redis-instance-require-password",
        types=(CACHE,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Every machine of the network can read and delete the cached data.",
        remedy="Set authEnabled: true.",
        reference="https://cloud.google.com/memorystore/docs/redis/about-redis-auth",
        check=must_be("authEnabled", True),
    ),
    Rule(
        id="gcp-redis-instance-require-tls",
        types=(CACHE,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The password and the cached data are sent unencrypted.",
        remedy="Set transitEncryptionMode: SERVER_AUTHENTICATION.",
        reference="https://cloud.google.com/memorystore/docs/redis/about-in-transit-encryption",
        check=must_be("transitEncryptionMode", "SERVER_AUTHENTICATION"),
    ),
    Rule(
        id="gcp-bigquery-dataset-deny-open-access",
        types=(DATASET, ENTRY),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Public data can be copied before the leak is noticed.",
        remedy="Set the members of accesses to named accounts and groups.",
        reference="https://cloud.google.com/bigquery/docs/dataset-access-controls",
        check=_check_public_access,
    ),
    Rule(
        id="gcp-bigquery-dataset-deny-deletion-of-contents",
        types=(DATASET,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A destroy of the stack deletes every table.",
        remedy="Remove deleteContentsOnDestroy.",
        reference="https://cloud.google.com/bigquery/docs/managing-datasets",
        check=must_not_be("deleteContentsOnDestroy", True),
    ),
    Rule(
        id="gcp-pubsub-subscription-require-signed-push",
        types=(SUBSCRIPTION,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Anyone who knows the receiver's address can send forged messages.",
        remedy="Set pushConfig.oidcToken, and verify the token in the receiver.",
        reference="https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions",
        check=_check_push_token,
    ),
    Rule(
        id="gcp-secretmanager-secret-require-rotation",
        types=SECRETS,
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A secret that never changes stays valid for every client that ever had access to it.",
        remedy="Set rotation.rotationPeriod, and topics that notify the rotation job.",
        reference=_SECRETS + "secret-rotation",
        check=must_be_set("rotation.rotationPeriod"),
    ),
    Rule(
        id="gcp-secretmanager-secret-require-undoing",
        types=SECRETS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A version destroyed by mistake is lost immediately.",
        remedy="Set versionDestroyTtl to several days.",
        reference=_SECRETS + "delay-secret-version-destruction",
        check=must_be_set("versionDestroyTtl"),
    ),
)
