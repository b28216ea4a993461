"""Tests of unknown values whose origin is known."""

from __future__ import annotations

from typing import Any

import pytest

from policies.catalogue import every_rule
from policies.gcp.audit_logs import ALERT, CHANNEL
from policies.gcp.references import ACCOUNTS, KEYS
from tests.policies.analyzer import UNKNOWN, Analyzer, Declaration

CHANNELS = every_rule()["gcp-monitoring-alert-require-channels"]
OWN_KEY = every_rule()["gcp-kms-store-require-own-key"]
PUBLIC_BUCKET = every_rule()["gcp-storage-bucket-deny-everybody"]
MEMBER = "gcp:storage/bucketIAMMember:BucketIAMMember"
TOPIC = "gcp:pubsub/topic:Topic"
SECRET = "gcp:secretmanager/secret:Secret"


def declare(token: str) -> Declaration:
    return Declaration(type=token, name="other", props={})


def texts(rule: Any, subject: Declaration, *related: Declaration) -> list[str]:
    return [entry.text for entry in Analyzer(rule).stack(subject, *related) if entry.urn == subject.urn]


@pytest.mark.parametrize(
    ("rule", "token", "key", "origin"),
    [
        (CHANNELS, ALERT, "notificationChannels", CHANNEL),
        (OWN_KEY, TOPIC, "kmsKeyName", KEYS[0]),
        (PUBLIC_BUCKET, MEMBER, "member", ACCOUNTS[0]),
        (PUBLIC_BUCKET, MEMBER, "member", ACCOUNTS[1]),
    ],
)
def test_an_unknown_value_counts_only_with_an_origin_of_the_right_type(
    rule: Any, token: str, key: str, origin: str
) -> None:
    subject = Declaration(type=token, props={key: UNKNOWN}, references={key: ["other"]})
    assert texts(rule, subject, declare(origin)) == []
    (text,) = texts(rule, subject, declare("gcp:storage/bucket:Bucket"))
    assert text.startswith("not evaluated")


def test_a_replica_without_a_key_is_reported_beside_one_with_a_key() -> None:
    with_key = {"location": "a", "customerManagedEncryption": {"kmsKeyName": UNKNOWN}}
    replicas = {"userManaged": {"replicas": [with_key, {"location": "b"}]}}
    subject = Declaration(type=SECRET, props={"replication": replicas}, references={"replication": ["other"]})
    assert texts(OWN_KEY, subject, declare(KEYS[0])) == [
        "no key of the project is used; got nothing; expected its name"
    ]


def test_a_public_member_beside_an_account_of_the_stack_is_reported() -> None:
    members = {"role": "roles/storage.objectViewer", "members": ["allUsers", UNKNOWN]}
    subject = Declaration(type=MEMBER.replace("Member", "Binding"), props=members, references={"members": ["other"]})
    violations = texts(PUBLIC_BUCKET, subject, declare(ACCOUNTS[0]))
    assert violations[0] == "the bucket is public; got allUsers; expected named accounts or groups"
    assert all(text.startswith("not evaluated") for text in violations[1:])
