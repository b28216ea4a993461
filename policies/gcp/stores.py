"""Caches, messages, tables and secrets."""

from __future__ import annotations

from collections.abc import Iterator

from policies.checks import MISSING, find, must_be, must_be_set, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity

CACHE = "gcp:redis/instance:Instance"
DATASET = "gcp:bigquery/dataset:Dataset"
ENTRY = "gcp:bigquery/datasetAccess:DatasetAccess"
SUBSCRIPTION = "gcp:pubsub/subscription:Subscription"
SECRETS = ("gcp:secretmanager/secret:Secret", "gcp:secretmanager/regionalSecret:RegionalSecret")

_EVERYBODY = ("allAuthenticatedUsers", "allUsers")
_SECRETS = "https://cloud.google.com/secret-manager/docs/"


def _is_for_everybody(props: Props) -> Iterator[str]:
    for path in ("accesses[*].specialGroup", "accesses[*].iamMember", "specialGroup", "iamMember"):
        for at, one in find(props, path):
            if one is not MISSING and one in _EVERYBODY:
                yield f"{at}: is {one}, so anybody reads the data"


def _pushes_unsigned(props: Props) -> Iterator[str]:
    push = props.get("pushConfig")
    if push and not push.get("oidcToken"):
        yield "pushConfig.oidcToken: is missing, so the receiver cannot tell who calls"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-redis-instance-require-password",
        types=(CACHE,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Every machine of the network reads and empties the cache.",
        remedy="Set authEnabled: true.",
        reference="https://cloud.google.com/memorystore/docs/redis/about-redis-auth",
        check=must_be("authEnabled", True),
    ),
    Rule(
        id="gcp-redis-instance-require-tls",
        types=(CACHE,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The password and what is cached go in plain text.",
        remedy="Set transitEncryptionMode: SERVER_AUTHENTICATION.",
        reference="https://cloud.google.com/memorystore/docs/redis/about-in-transit-encryption",
        check=must_be("transitEncryptionMode", "SERVER_AUTHENTICATION"),
    ),
    Rule(
        id="gcp-bigquery-dataset-deny-open-access",
        types=(DATASET, ENTRY),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Data that everybody reads is copied before somebody notices.",
        remedy="Name the accounts and groups that need it.",
        reference="https://cloud.google.com/bigquery/docs/dataset-access-controls",
        check=_is_for_everybody,
    ),
    Rule(
        id="gcp-bigquery-dataset-deny-deletion-of-contents",
        types=(DATASET,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Whoever takes the stack down takes every table with it.",
        remedy="Remove deleteContentsOnDestroy.",
        reference="https://cloud.google.com/bigquery/docs/managing-datasets",
        check=must_not_be("deleteContentsOnDestroy", True),
    ),
    Rule(
        id="gcp-pubsub-subscription-require-signed-push",
        types=(SUBSCRIPTION,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Anybody who knows the address sends messages that look like Google's.",
        remedy="Set pushConfig.oidcToken, and let the receiver check it.",
        reference="https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions",
        check=_pushes_unsigned,
    ),
    Rule(
        id="gcp-secretmanager-secret-require-rotation",
        types=SECRETS,
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A secret that never changes is known to everybody who ever had it.",
        remedy="Set rotation.rotationPeriod and a topic that tells who changes it.",
        reference=_SECRETS + "secret-rotation",
        check=must_be_set("rotation.rotationPeriod"),
    ),
    Rule(
        id="gcp-secretmanager-secret-require-undoing",
        types=SECRETS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A version that is destroyed by mistake is gone in the same second.",
        remedy="Set versionDestroyTtl to some days.",
        reference=_SECRETS + "delay-secret-version-destruction",
        check=must_be_set("versionDestroyTtl"),
    ),
)
