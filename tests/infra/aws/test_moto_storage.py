"""Storage of a site, created in moto by AWS calls: buckets, their logs and locks, the registry."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.infra.aws.account import REGION, Client, aws, only, pairs, pascal
from tests.infra.aws.compliant_site import compliant
from tests.infra.clouds import kind
from tests.infra.recorder import Recorded

__all__ = ["aws"]


def test_both_buckets_are_taken_with_lock_versions_policy_and_clean_up(aws: Client) -> None:
    resources = compliant()
    for entry in locked(resources):
        region = entry.inputs["region"]
        s3, bucket = aws("s3", region), entry.inputs["bucket"]
        context = {} if region == REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True, **context)
        settings = {
            part.token.rpartition(":")[2]: part.inputs for part in resources if part.inputs.get("bucket") == bucket
        }
        lock = {"ObjectLockEnabled": "Enabled", "Rule": pascal(settings["BucketObjectLockConfiguration"]["rule"])}
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=lock)
        s3.put_bucket_policy(Bucket=bucket, Policy=settings["BucketPolicy"]["policy"])
        s3.put_public_access_block(
            Bucket=bucket, PublicAccessBlockConfiguration=closed(settings["BucketPublicAccessBlock"])
        )
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=cleaned(settings))
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": pairs(entry.inputs["tags"])})
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
        stored = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
        assert lock["Rule"]["DefaultRetention"].items() <= stored["Rule"]["DefaultRetention"].items()


def locked(resources: Sequence[Recorded]) -> list[Recorded]:
    """Return the buckets for backups."""
    return [resource for resource in kind(resources, "Bucket") if resource.inputs.get("objectLockEnabled")]


def test_access_logs_are_taken_by_the_buckets_that_are_for_them(aws: Client) -> None:
    resources = compliant()
    for entry in kind(resources, "Bucket"):
        region = entry.inputs["region"]
        context = {} if region == REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        aws("s3", region).create_bucket(Bucket=entry.inputs["bucket"], **context)
    for entry in kind(resources, "BucketLogging"):
        s3, target = aws("s3", entry.inputs["region"]), entry.inputs["targetBucket"]
        settings = {
            part.token.rpartition(":")[2]: part.inputs for part in resources if part.inputs.get("bucket") == target
        }
        s3.put_bucket_policy(Bucket=target, Policy=single(settings["BucketPolicy"]["policy"]))
        s3.put_bucket_lifecycle_configuration(Bucket=target, LifecycleConfiguration=cleaned(settings))
        expected = {"TargetBucket": target, "TargetPrefix": entry.inputs["targetPrefix"]}
        s3.put_bucket_logging(Bucket=entry.inputs["bucket"], BucketLoggingStatus={"LoggingEnabled": expected})
        assert s3.get_bucket_logging(Bucket=entry.inputs["bucket"])["LoggingEnabled"] == expected


def single(policy: str) -> str:
    """Return the policy with a list of one resource as that resource, the only form that moto supports."""
    resources = json.loads(policy)
    for entry in resources["Statement"]:
        if len(entry["Resource"]) == 1:
            [entry["Resource"]] = entry["Resource"]
    return json.dumps(resources)


def test_logs_are_refused_if_the_policy_names_another_prefix(aws: Client) -> None:
    s3, resources = aws("s3"), compliant()
    logging = kind(resources, "BucketLogging")[0].inputs
    for name in (logging["bucket"], logging["targetBucket"]):
        s3.create_bucket(Bucket=name)
    target = logging["targetBucket"]
    [policy] = [entry.inputs["policy"] for entry in kind(resources, "BucketPolicy") if entry.inputs["bucket"] == target]
    s3.put_bucket_policy(Bucket=logging["targetBucket"], Policy=single(policy))
    other_prefix = {"TargetBucket": logging["targetBucket"], "TargetPrefix": "elsewhere/"}
    with pytest.raises(ClientError, match="InvalidTargetBucketForLogging"):
        s3.put_bucket_logging(Bucket=logging["bucket"], BucketLoggingStatus={"LoggingEnabled": other_prefix})


def closed(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the public access block of a bucket."""
    return {key: value for key, value in pascal(inputs).items() if key.startswith(("Block", "Ignore", "Restrict"))}


def cleaned(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the lifecycle rules of a bucket."""
    rules = pascal(settings["BucketLifecycleConfiguration"]["rules"])
    return {"Rules": [{("ID" if key == "Id" else key): value for key, value in rule.items()} for rule in rules]}


def test_a_locked_backup_cannot_be_removed_by_anyone(aws: Client) -> None:
    s3, [bucket, _] = aws("s3"), locked(compliant())
    name = bucket.inputs["bucket"]
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    [rule, _] = [entry.inputs["rule"] for entry in kind(compliant(), "BucketObjectLockConfiguration")]
    lock = {"ObjectLockEnabled": "Enabled", "Rule": pascal(rule)}
    s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=lock)
    version = s3.put_object(Bucket=name, Key="backup", Body=b"chain")["VersionId"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=name, Key="backup", VersionId=version, BypassGovernanceRetention=True)


def test_the_repository_is_taken_with_its_clean_up(aws: Client) -> None:
    ecr, inputs = aws("ecr"), only("Repository").inputs
    created = ecr.create_repository(
        repositoryName=inputs["name"],
        imageTagMutability=inputs["imageTagMutability"],
        imageScanningConfiguration=inputs["imageScanningConfiguration"],
        encryptionConfiguration=inputs["encryptionConfigurations"][0],
        tags=pairs(inputs["tags"]),
    )["repository"]
    policy = only("LifecyclePolicy").inputs["policy"]
    ecr.put_lifecycle_policy(repositoryName=created["repositoryName"], lifecyclePolicyText=policy)
    assert created["imageTagMutability"] == "IMMUTABLE"
