"""What a site keeps things in, asked of moto by real AWS calls: buckets, their logs and locks, the registry."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.infra.aws.account import REGION, Client, aws, one, pairs, pascal
from tests.infra.aws.declared import compliant
from tests.infra.clouds import kind
from tests.infra.recorder import Recorded

__all__ = ["aws"]


def test_both_buckets_are_taken_with_lock_versions_policy_and_clean_up(aws: Client) -> None:
    found = compliant()
    for each in locked(found):
        region = each.inputs["region"]
        s3, bucket = aws("s3", region), each.inputs["bucket"]
        where = {} if region == REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True, **where)
        own = {part.token.rpartition(":")[2]: part.inputs for part in found if part.inputs.get("bucket") == bucket}
        lock = {"ObjectLockEnabled": "Enabled", "Rule": pascal(own["BucketObjectLockConfiguration"]["rule"])}
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=lock)
        s3.put_bucket_policy(Bucket=bucket, Policy=own["BucketPolicy"]["policy"])
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=closed(own["BucketPublicAccessBlock"]))
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=cleaned(own))
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": pairs(each.inputs["tags"])})
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
        kept = s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
        assert lock["Rule"]["DefaultRetention"].items() <= kept["Rule"]["DefaultRetention"].items()


def locked(found: Sequence[Recorded]) -> list[Recorded]:
    """The buckets of backups."""
    return [one for one in kind(found, "Bucket") if one.inputs.get("objectLockEnabled")]


def test_access_logs_are_taken_by_the_buckets_that_are_for_them(aws: Client) -> None:
    found = compliant()
    for each in kind(found, "Bucket"):
        region = each.inputs["region"]
        where = {} if region == REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        aws("s3", region).create_bucket(Bucket=each.inputs["bucket"], **where)
    for each in kind(found, "BucketLogging"):
        s3, target = aws("s3", each.inputs["region"]), each.inputs["targetBucket"]
        own = {part.token.rpartition(":")[2]: part.inputs for part in found if part.inputs.get("bucket") == target}
        s3.put_bucket_policy(Bucket=target, Policy=single(own["BucketPolicy"]["policy"]))
        s3.put_bucket_lifecycle_configuration(Bucket=target, LifecycleConfiguration=cleaned(own))
        wanted = {"TargetBucket": target, "TargetPrefix": each.inputs["targetPrefix"]}
        s3.put_bucket_logging(Bucket=each.inputs["bucket"], BucketLoggingStatus={"LoggingEnabled": wanted})
        assert s3.get_bucket_logging(Bucket=each.inputs["bucket"])["LoggingEnabled"] == wanted


def single(policy: str) -> str:
    """The same with a list of one resource as that resource: moto knows who may log by that alone."""
    found = json.loads(policy)
    for each in found["Statement"]:
        if len(each["Resource"]) == 1:
            [each["Resource"]] = each["Resource"]
    return json.dumps(found)


def test_logs_would_not_be_taken_where_the_policy_names_another_prefix(aws: Client) -> None:
    s3, found = aws("s3"), compliant()
    logging = kind(found, "BucketLogging")[0].inputs
    for name in (logging["bucket"], logging["targetBucket"]):
        s3.create_bucket(Bucket=name)
    target = logging["targetBucket"]
    [policy] = [each.inputs["policy"] for each in kind(found, "BucketPolicy") if each.inputs["bucket"] == target]
    s3.put_bucket_policy(Bucket=logging["targetBucket"], Policy=single(policy))
    elsewhere = {"TargetBucket": logging["targetBucket"], "TargetPrefix": "elsewhere/"}
    with pytest.raises(ClientError, match="InvalidTargetBucketForLogging"):
        s3.put_bucket_logging(Bucket=logging["bucket"], BucketLoggingStatus={"LoggingEnabled": elsewhere})


def closed(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """How a bucket is closed to the public."""
    return {key: value for key, value in pascal(inputs).items() if key.startswith(("Block", "Ignore", "Restrict"))}


def cleaned(own: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The clean-up of a bucket."""
    rules = pascal(own["BucketLifecycleConfiguration"]["rules"])
    return {"Rules": [{("ID" if key == "Id" else key): value for key, value in rule.items()} for rule in rules]}


def test_a_locked_backup_cannot_be_removed_by_anyone(aws: Client) -> None:
    s3, [bucket, _] = aws("s3"), locked(compliant())
    name = bucket.inputs["bucket"]
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    [rule, _] = [each.inputs["rule"] for each in kind(compliant(), "BucketObjectLockConfiguration")]
    lock = {"ObjectLockEnabled": "Enabled", "Rule": pascal(rule)}
    s3.put_object_lock_configuration(Bucket=name, ObjectLockConfiguration=lock)
    version = s3.put_object(Bucket=name, Key="backup", Body=b"chain")["VersionId"]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=name, Key="backup", VersionId=version, BypassGovernanceRetention=True)


def test_the_repository_is_taken_with_its_clean_up(aws: Client) -> None:
    ecr, inputs = aws("ecr"), one("Repository").inputs
    made = ecr.create_repository(
        repositoryName=inputs["name"],
        imageTagMutability=inputs["imageTagMutability"],
        imageScanningConfiguration=inputs["imageScanningConfiguration"],
        encryptionConfiguration=inputs["encryptionConfigurations"][0],
        tags=pairs(inputs["tags"]),
    )["repository"]
    policy = one("LifecyclePolicy").inputs["policy"]
    ecr.put_lifecycle_policy(repositoryName=made["repositoryName"], lifecyclePolicyText=policy)
    assert made["imageTagMutability"] == "IMMUTABLE"
