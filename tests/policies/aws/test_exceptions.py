"""What a rule leaves to another rule, or to nobody: it passes without a look at the value."""

from __future__ import annotations

from typing import Any

import pytest

from policies.catalogue import every_rule
from tests.policies.analyzer import UNKNOWN, Analyzer, Given, Said

RULES = every_rule()
INSTANCE = "aws:ec2/instance:Instance"
DATABASE = "aws:rds/instance:Instance"
CERTIFICATE = "aws:acm/certificate:Certificate"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
BUCKET = "aws:s3/bucket:Bucket"
LOGGING = "aws:s3/bucketLogging:BucketLogging"
OF_TEMPLATE = {"launchTemplate": {"id": UNKNOWN}}
COPY = {"replicateSourceDb": UNKNOWN}


def said(rule: str, *stack: Given) -> list[Said]:
    """What one rule says of the first, seen alone and among the others."""
    analyzer = Analyzer(RULES[rule])
    found = [one for one in analyzer.stack(*stack) if one.urn == stack[0].urn]
    return [*analyzer.resource(stack[0]), *found]


@pytest.mark.parametrize(
    ("rule", "kind", "props", "without"),
    [
        ("aws-ec2-server-require-metadata-tokens", INSTANCE, OF_TEMPLATE, "launchTemplate"),
        ("aws-ec2-instance-require-encryption", INSTANCE, OF_TEMPLATE, "launchTemplate"),
        ("aws-rds-instance-require-standby", DATABASE, COPY, "replicateSourceDb"),
        ("aws-rds-database-require-backups", DATABASE, COPY, "replicateSourceDb"),
        ("aws-acm-certificate-match-renewal", CERTIFICATE, {"certificateAuthorityArn": UNKNOWN},
         "certificateAuthorityArn"),
    ],
)  # fmt: skip
def test_what_is_judged_elsewhere_passes_and_without_its_reason_does_not(
    rule: str, kind: str, props: dict[str, Any], without: str
) -> None:
    assert said(rule, Given(type=kind, props=props)) == []
    assert said(rule, Given(type=kind, props={key: value for key, value in props.items() if key != without}))


def test_a_machine_that_names_a_setting_itself_is_judged_by_it() -> None:
    props = {**OF_TEMPLATE, "metadataOptions": {"httpTokens": "optional"}}
    assert said("aws-ec2-server-require-metadata-tokens", Given(type=INSTANCE, props=props))


@pytest.mark.parametrize(
    "other",
    [
        Given(type=LOGGING, name="logging", props={"targetBucket": UNKNOWN}, references={"targetBucket": ["subject"]}),
        Given(type=BALANCER, name="edge", props={"accessLogs": {}}, references={"accessLogs": ["subject"]}),
    ],
    ids=lambda given: str(given.name),
)
def test_a_bucket_that_takes_access_logs_needs_no_key_of_its_own_and_no_log(other: Given) -> None:
    bucket = Given(type=BUCKET, props={"bucket": "logs"})
    for rule in ("aws-s3-bucket-require-kms", "aws-s3-bucket-require-logging"):
        assert said(rule, bucket, other) == []
        assert said(rule, bucket)


def test_a_part_of_a_composite_alarm_may_be_silent() -> None:
    alarm = Given(type="aws:cloudwatch/metricAlarm:MetricAlarm", props={})
    whole = Given(
        type="aws:cloudwatch/compositeAlarm:CompositeAlarm",
        name="whole",
        props={"alarmRule": UNKNOWN},
        references={"alarmRule": ["subject"]},
    )
    assert said("aws-cloudwatch-alarm-require-action", alarm, whole) == []
    assert said("aws-cloudwatch-alarm-require-action", alarm)


def test_a_bucket_that_keeps_nothing_for_long_needs_no_lock() -> None:
    assert said("aws-s3-bucket-require-object-lock", Given(type=BUCKET, props={"bucket": "site-images"})) == []


def test_a_replica_of_backups_needs_no_replica() -> None:
    replica = Given(type=BUCKET, props={"bucket": "backups-copy"})
    copies = Given(
        type="aws:s3/bucketReplicationConfig:BucketReplicationConfig",
        name="copies",
        props={"rules": UNKNOWN, "bucket": "backups"},
        references={"rules": ["subject"]},
    )
    assert said("aws-s3-bucket-require-replication", replica, copies) == []
