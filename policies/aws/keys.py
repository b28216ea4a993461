"""Keys: that they turn over and cannot be lost, and that what holds data is under one of the account's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.aws.relations import StackCheck, by_type, must_name_key
from policies.checks import may_be_at_least, must_be, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule, adding
from policies.stack import Resource, Stack

KEY = "aws:kms/key:Key"
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
BUCKET_ENCRYPTION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
PARAMETER = "aws:ssm/parameter:Parameter"
FUNCTION = "aws:lambda/function:Function"

_GUIDE = "https://docs.aws.amazon.com/kms/latest/developerguide/"
_LEAST_DAYS = 14
_BUCKET_KEY = "rules[*].applyServerSideEncryptionByDefault.kmsMasterKeyId"


def _bucket_names_key(resource: Resource, stack: Stack) -> Iterator[str]:
    default = "rules[0].applyServerSideEncryptionByDefault.sseAlgorithm"
    # Whether a bucket may go without KMS is another rule's matter.
    if not list(must_be(default, "AES256")(resource.props)):
        return
    yield from must_name_key(_BUCKET_KEY)(resource, stack)


def _parameter_names_key(resource: Resource, stack: Stack) -> Iterator[str]:
    if resource.props["type"] == "SecureString":
        yield from must_name_key("keyId")(resource, stack)


def _function_names_key(resource: Resource, stack: Stack) -> Iterator[str]:
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
    BUCKET_ENCRYPTION: _bucket_names_key,
}
"""What keeps data, and where it names its key."""

PASSING: Mapping[str, StackCheck] = {
    "aws:cloudwatch/logGroup:LogGroup": must_name_key("kmsKeyId"),
    "aws:sqs/queue:Queue": must_name_key("kmsMasterKeyId"),
    FUNCTION: _function_names_key,
    PARAMETER: _parameter_names_key,
}
"""What is encrypted anyhow and holds little that lasts."""


def _turns_over(props: Props) -> Iterator[str]:
    symmetric = (props.get("customerMasterKeySpec") or "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT"
    encrypts = (props.get("keyUsage") or "ENCRYPT_DECRYPT") == "ENCRYPT_DECRYPT"
    # Keys of a store of one's own are turned over in the store.
    if symmetric and encrypts and "customKeyStoreId" not in tuple(props):
        yield from must_be("enableKeyRotation", True)(props)


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-kms-key-require-rotation",
        types=(KEY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The longer one key is in use, the more is read with it once it is out.",
        remedy="Set enableKeyRotation: true; only symmetric keys can.",
        reference=_GUIDE + "rotate-keys.html",
        check=_turns_over,
        fix=adding("enableKeyRotation", True),
    ),
    Rule(
        id="aws-kms-key-limit-deletion",
        types=(KEY, "aws:kms/replicaKey:ReplicaKey", "aws:kms/externalKey:ExternalKey"),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="What a deleted key has encrypted is gone, and a week is over before somebody is back from holiday.",
        remedy=f"Leave deletionWindowInDays out, or set at least {_LEAST_DAYS}.",
        reference=_GUIDE + "deleting-keys.html",
        check=may_be_at_least("deletionWindowInDays", _LEAST_DAYS),
    ),
    Rule(
        id="aws-kms-key-deny-lockout",
        types=(KEY, KEY_POLICY),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A policy that leaves nobody in charge makes the key, and all under it, unmanageable for ever.",
        remedy="Remove bypassPolicyLockoutSafetyCheck, and keep the account's root in the policy.",
        reference=_GUIDE + "key-policy-default.html",
        check=must_not_be("bypassPolicyLockoutSafetyCheck", True),
    ),
    StackRule(
        id="aws-kms-store-require-own-key",
        types=tuple(STORES),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A key that AWS manages has no policy to change, so access to the data cannot be taken away by it.",
        remedy="Name a key of the account, by its ARN or its alias.",
        reference=_GUIDE + "concepts.html",
        check=by_type(STORES),
    ),
    StackRule(
        id="aws-kms-passage-require-own-key",
        types=tuple(PASSING),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Logs, messages and settings repeat what the stores keep under a key of their own.",
        remedy="Name a key of the account, by its ARN or its alias.",
        reference=_GUIDE + "concepts.html",
        check=by_type(PASSING),
    ),
)
