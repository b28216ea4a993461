"""Rules about KMS keys, and about resources that must use a key of the account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.aws.references import StackCheck, by_type, must_name_key
from policies.checks import may_be_at_least, must_be, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule, add_value
from policies.stack import Resource, Stack

KEY = "aws:kms/key:Key"
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
BUCKET_ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
PARAMETER = "aws:ssm/parameter:Parameter"
FUNCTION = "aws:lambda/function:Function"

_GUIDE = "https://docs.aws.amazon.com/kms/latest/developerguide/"
_MINIMUM_DAYS = 14
_BUCKET_KEY = "rules[*].applyServerSideEncryptionByDefault.kmsMasterKeyId"


def _check_bucket_key(resource: Resource, stack: Stack) -> Iterator[str]:
    default = "rules[0].applyServerSideEncryptionByDefault.sseAlgorithm"
    # Another rule judges buckets without KMS.
    if not list(must_be(default, "AES256")(resource.props)):
        return
    yield from must_name_key(_BUCKET_KEY)(resource, stack)


def _check_parameter_key(resource: Resource, stack: Stack) -> Iterator[str]:
    if resource.props["type"] == "SecureString":
        yield from must_name_key("keyId")(resource, stack)


def _check_function_key(resource: Resource, stack: Stack) -> Iterator[str]:
    if (resource.props.get("environment") or {}).get("variables"):
        yield from must_name_key("kmsKeyArn")(resource, stack)


STORES: Mapping[str, StackCheck] = {
    "aws:backup/vault:Vault": must_name_key("kmsKeyArn"),
    "aws:docdb/cluster:Cluster": must_name_key("kmsKeyId"),
    "aws:dynamodb/table:Table": must_name_key("serverSideEncryption.kmsKeyArn"),
    "aws:ebs/volume:Volume": must_name_key("kmsKeyId"),
    "aws:ec2/launchTemplate:LaunchTemplate": must_name_key("blockDeviceMappings[*].ebs.kmsKeyId"),
    "aws:ecr/repository:Repository": must_name_key("encryptionConfigurations[*].kmsKey"),
    "aws:efs/fileSystem:FileSystem": must_name_key("kmsKeyId"),
    "aws:eks/cluster:Cluster": must_name_key("encryptionConfig.provider.keyArn"),
    "aws:elasticache/replicationGroup:ReplicationGroup": must_name_key("kmsKeyId"),
    "aws:neptune/cluster:Cluster": must_name_key("kmsKeyArn"),
    "aws:opensearch/domain:Domain": must_name_key("encryptAtRest.kmsKeyId"),
    "aws:rds/cluster:Cluster": must_name_key("kmsKeyId"),
    "aws:rds/instance:Instance": must_name_key("kmsKeyId"),
    "aws:redshift/cluster:Cluster": must_name_key("kmsKeyId"),
    "aws:secretsmanager/secret:Secret": must_name_key("kmsKeyId"),
    "aws:sns/topic:Topic": must_name_key("kmsMasterKeyId"),
    BUCKET_ENCRYPTION: _check_bucket_key,
}
"""Checks by type of the resources that store data, each with the property that names its key."""

TRANSIENT: Mapping[str, StackCheck] = {
    "aws:cloudwatch/logGroup:LogGroup": must_name_key("kmsKeyId"),
    "aws:sqs/queue:Queue": must_name_key("kmsMasterKeyId"),
    FUNCTION: _check_function_key,
    PARAMETER: _check_parameter_key,
}
"""Checks by type of the resources that are always encrypted and hold short-lived data."""


def _check_rotation(props: Props) -> Iterator[str]:
    symmetric = (props.get("customerMasterKeySpec") or "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT"
    encrypts = (props.get("keyUsage") or "ENCRYPT_DECRYPT") == "ENCRYPT_DECRYPT"
    # Keys of a custom key store are rotated in the store.
    if symmetric and encrypts and "customKeyStoreId" not in tuple(props):
        yield from must_be("enableKeyRotation", True)(props)


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-kms-key-require-rotation",
        types=(KEY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The longer a key is in use, the more data a leak of the key exposes.",
        remedy="Set enableKeyRotation: true. Only symmetric keys support rotation.",
        reference=_GUIDE + "rotate-keys.html",
        check=_check_rotation,
        fix=add_value("enableKeyRotation", True),
    ),
    Rule(
        id="aws-kms-key-limit-deletion",
        types=(KEY, "aws:kms/replicaKey:ReplicaKey", "aws:kms/externalKey:ExternalKey"),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Data under a deleted key is lost, and a short window passes before the mistake is noticed.",
        remedy=f"Remove deletionWindowInDays, or set it to at least {_MINIMUM_DAYS}.",
        reference=_GUIDE + "deleting-keys.html",
        check=may_be_at_least("deletionWindowInDays", _MINIMUM_DAYS),
    ),
    Rule(
        id="aws-kms-key-deny-lockout",
        types=(KEY, KEY_POLICY),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A policy without an administrator makes the key and its data permanently unmanageable.",
        remedy="Remove bypassPolicyLockoutSafetyCheck, and keep the account root in the policy.",
        reference=_GUIDE + "key-policy-default.html",
        check=must_not_be("bypassPolicyLockoutSafetyCheck", True),
    ),
    StackRule(
        id="aws-kms-store-require-own-key",
        types=tuple(STORES),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The policy of an AWS managed key cannot be changed, so access to the data cannot be revoked.",
        remedy="Set the key property of the resource to the ARN or alias of a key of the account.",
        reference=_GUIDE + "concepts.html",
        check=by_type(STORES),
    ),
    StackRule(
        id="aws-kms-passage-require-own-key",
        types=tuple(TRANSIENT),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Logs, messages and settings repeat data that the stores encrypt with keys of the account.",
        remedy="Set the key property of the resource to the ARN or alias of a key of the account.",
        reference=_GUIDE + "concepts.html",
        check=by_type(TRANSIENT),
    ),
)
