"""What a rule knows of a value that is not known yet: where it comes from."""

from __future__ import annotations

from typing import Any

import pytest

from policies.catalogue import every_rule
from policies.gcp.audit_logs import ALERT, CHANNEL
from policies.gcp.references import ACCOUNTS, KEYS
from tests.policies.analyzer import UNKNOWN, Analyzer, Given

CHANNELS = every_rule()["gcp-monitoring-alert-require-channels"]
OWN_KEY = every_rule()["gcp-kms-store-require-own-key"]
PUBLIC_BUCKET = every_rule()["gcp-storage-bucket-deny-everybody"]
MEMBER = "gcp:storage/bucketIAMMember:BucketIAMMember"
TOPIC = "gcp:pubsub/topic:Topic"
SECRET = "gcp:secretmanager/secret:Secret"


def other(token: str) -> Given:
    return Given(type=token, name="other", props={})


def said(rule: Any, subject: Given, *rest: Given) -> list[str]:
    return [one.text for one in Analyzer(rule).stack(subject, *rest) if one.urn == subject.urn]


@pytest.mark.parametrize(
    ("rule", "token", "given", "origin"),
    [
        (CHANNELS, ALERT, "notificationChannels", CHANNEL),
        (OWN_KEY, TOPIC, "kmsKeyName", KEYS[0]),
        (PUBLIC_BUCKET, MEMBER, "member", ACCOUNTS[0]),
        (PUBLIC_BUCKET, MEMBER, "member", ACCOUNTS[1]),
    ],
)
def test_a_value_is_what_it_comes_from_and_from_elsewhere_it_is_not_known(
    rule: Any, token: str, given: str, origin: str
) -> None:
    subject = Given(type=token, props={given: UNKNOWN}, references={given: ["other"]})
    assert said(rule, subject, other(origin)) == []
    (text,) = said(rule, subject, other("gcp:storage/bucket:Bucket"))
    assert text.startswith("not evaluated")


def test_a_key_of_the_stack_does_for_no_replica_that_names_none() -> None:
    named = {"location": "a", "customerManagedEncryption": {"kmsKeyName": UNKNOWN}}
    replicas = {"userManaged": {"replicas": [named, {"location": "b"}]}}
    subject = Given(type=SECRET, props={"replication": replicas}, references={"replication": ["other"]})
    assert said(OWN_KEY, subject, other(KEYS[0])) == ["no key of the project is used; got nothing; expected its name"]


def test_everybody_beside_an_account_of_the_stack_is_still_everybody() -> None:
    members = {"role": "roles/storage.objectViewer", "members": ["allUsers", UNKNOWN]}
    subject = Given(type=MEMBER.replace("Member", "Binding"), props=members, references={"members": ["other"]})
    found = said(PUBLIC_BUCKET, subject, other(ACCOUNTS[0]))
    assert found[0] == "the bucket is public; got allUsers; expected named accounts or groups"
    assert all(text.startswith("not evaluated") for text in found[1:])
