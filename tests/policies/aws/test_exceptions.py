"""Tests of exemptions: a rule passes a resource that another rule judges, or that needs no judgement."""

from __future__ import annotations

from typing import Any

import pytest

from policies.catalogue import every_rule
from tests.policies.analyzer import UNKNOWN, Analyzer, Declaration, Diagnostic

RULES = every_rule()
INSTANCE = "aws:ec2/instance:Instance"
DATABASE = "aws:rds/instance:Instance"
CERTIFICATE = "aws:acm/certificate:Certificate"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
BUCKET = "aws:s3/bucket:Bucket"
LOGGING = "aws:s3/bucketLogging:BucketLogging"
OF_TEMPLATE = {"launchTemplate": {"id": UNKNOWN}}
COPY = {"replicateSourceDb": UNKNOWN}


def diagnose(rule: str, *stack: Declaration) -> list[Diagnostic]:
    """Return one rule's diagnostics of the first resource, alone and in the stack."""
    analyzer = Analyzer(RULES[rule])
    diagnostics = [entry for entry in analyzer.stack(*stack) if entry.urn == stack[0].urn]
    return [*analyzer.resource(stack[0]), *diagnostics]


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
def test_a_resource_that_another_rule_judges_passes_only_with_the_reason(
    rule: str, kind: str, props: dict[str, Any], without: str
) -> None:
    assert diagnose(rule, Declaration(type=kind, props=props)) == []
    assert diagnose(rule, Declaration(type=kind, props={key: value for key, value in props.items() if key != without}))


def test_a_setting_that_overrides_the_launch_template_is_judged() -> None:
    props = {**OF_TEMPLATE, "metadataOptions": {"httpTokens": "optional"}}
    assert diagnose("aws-ec2-server-require-metadata-tokens", Declaration(type=INSTANCE, props=props))


@pytest.mark.parametrize(
    "log_source",
    [
        Declaration(
            type=LOGGING, name="logging", props={"targetBucket": UNKNOWN}, references={"targetBucket": ["subject"]}
        ),
        Declaration(type=BALANCER, name="edge", props={"accessLogs": {}}, references={"accessLogs": ["subject"]}),
    ],
    ids=lambda given: str(given.name),
)
def test_a_bucket_that_receives_access_logs_needs_no_key_and_no_log(log_source: Declaration) -> None:
    bucket = Declaration(type=BUCKET, props={"bucket": "logs"})
    for rule in ("aws-s3-bucket-require-kms", "aws-s3-bucket-require-logging"):
        assert diagnose(rule, bucket, log_source) == []
        assert diagnose(rule, bucket)


def test_a_part_of_a_composite_alarm_may_be_silent() -> None:
    alarm = Declaration(type="aws:cloudwatch/metricAlarm:MetricAlarm", props={})
    composite = Declaration(
        type="aws:cloudwatch/compositeAlarm:CompositeAlarm",
        name="whole",
        props={"alarmRule": UNKNOWN},
        references={"alarmRule": ["subject"]},
    )
    assert diagnose("aws-cloudwatch-alarm-require-action", alarm, composite) == []
    assert diagnose("aws-cloudwatch-alarm-require-action", alarm)


def test_a_bucket_without_durable_content_needs_no_lock() -> None:
    assert (
        diagnose("aws-s3-bucket-require-object-lock", Declaration(type=BUCKET, props={"bucket": "site-images"})) == []
    )


def test_a_replica_of_backups_needs_no_replica() -> None:
    replica = Declaration(type=BUCKET, props={"bucket": "backups-copy"})
    copies = Declaration(
        type="aws:s3/bucketReplicationConfig:BucketReplicationConfig",
        name="copies",
        props={"rules": UNKNOWN, "bucket": "backups"},
        references={"rules": ["subject"]},
    )
    assert diagnose("aws-s3-bucket-require-replication", replica, copies) == []
