"""Cases of ``policies.aws.keys``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from policies.aws.keys import BUCKET_ENCRYPTION, FUNCTION, KEY, KEY_POLICY, PARAMETER, RULES, STORES, TRANSIENT
from tests.policies import tables

_case = tables.of(RULES)
_KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
_SAFE = {"bypassPolicyLockoutSafetyCheck": False}
_ROTATION = "aws-kms-key-require-rotation"

_NESTED: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "aws:dynamodb/table:Table": ({"serverSideEncryption": {"kmsKeyArn": _KEY}}, "serverSideEncryption.kmsKeyArn"),
    "aws:ec2/launchTemplate:LaunchTemplate": (
        {"blockDeviceMappings": [{"ebs": {"kmsKeyId": _KEY}}]},
        "blockDeviceMappings[0].ebs.kmsKeyId",
    ),
    "aws:ecr/repository:Repository": (
        {"encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": _KEY}]},
        "encryptionConfigurations[0].kmsKey",
    ),
    "aws:eks/cluster:Cluster": (
        {"encryptionConfig": {"provider": {"keyArn": _KEY}}},
        "encryptionConfig.provider.keyArn",
    ),
    "aws:opensearch/domain:Domain": ({"encryptAtRest": {"kmsKeyId": _KEY}}, "encryptAtRest.kmsKeyId"),
    BUCKET_ENCRYPTION: (
        {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": _KEY}}]},
        "rules[0].applyServerSideEncryptionByDefault.kmsMasterKeyId",
    ),
    PARAMETER: ({"type": "SecureString", "keyId": _KEY}, "keyId"),
    FUNCTION: ({"environment": {"variables": {"LEVEL": "info"}}, "kmsKeyArn": _KEY}, "kmsKeyArn"),
}
_TOP = {"aws:backup/vault:Vault": "kmsKeyArn", "aws:neptune/cluster:Cluster": "kmsKeyArn",
        "aws:sns/topic:Topic": "kmsMasterKeyId", "aws:sqs/queue:Queue": "kmsMasterKeyId"}  # fmt: skip


def _key_case(kind: str) -> tuple[Mapping[str, Any], str]:
    """Return a resource of the type that names a key, and where."""
    name = _TOP.get(kind, "kmsKeyId")
    return _NESTED.get(kind, ({name: _KEY}, name))


CASES = [
    _case(_ROTATION, {"enableKeyRotation": True}, "enableKeyRotation", False),
    _case(_ROTATION, {"enableKeyRotation": False, "keyUsage": "SIGN_VERIFY"}, "keyUsage", "ENCRYPT_DECRYPT"),
    _case("aws-kms-key-limit-deletion", {"deletionWindowInDays": 30}, "deletionWindowInDays", 7),
    *(_case("aws-kms-key-deny-lockout", _SAFE, "bypassPolicyLockoutSafetyCheck", True, type=kind)
      for kind in (KEY, KEY_POLICY)),
    *(_case("aws-kms-store-require-own-key", *_key_case(kind), "alias/aws/it", type=kind) for kind in STORES),
    *(_case("aws-kms-passage-require-own-key", *_key_case(kind), "", type=kind) for kind in TRANSIENT),
]  # fmt: skip
