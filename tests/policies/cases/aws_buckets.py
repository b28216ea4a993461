"""Cases of ``policies.aws.buckets``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from policies.aws.buckets import (
    ACCESS_BLOCK,
    ENCRYPTION,
    LIFECYCLE,
    LOGGING,
    POLICY,
    REPLICATION,
    RULES,
    VERSIONING,
)
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.contract import Case

_make = tables.of(RULES)
_BUCKET = {"bucket": "pouw-backups", "objectLockEnabled": True}
_OPEN = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)


def policy(value: str = "false") -> str:
    """Return a policy that denies requests without TLS, where the value is false."""
    refusal = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::pouw-backups", "arn:aws:s3:::pouw-backups/*"],
        "Condition": {"Bool": {"aws:SecureTransport": value}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [refusal]})


def _case(
    rule: str, kind: str, props: Mapping[str, Any], path: str, broken_value: Any, absent_path: str | None = None
) -> Case:
    """Return a case of a bucket with a broken related resource."""
    related = Declaration(type=kind, name="backups", props={**props, "bucket": "pouw-backups"})
    return _make(
        rule, _BUCKET, path, broken_value, related=(related,), broken_related="backups", absent_path=absent_path
    )


def _rules(**rule: Any) -> dict[str, Any]:
    return {"rules": [rule]}


_BLOCK = "aws-s3-bucket-require-public-access-block"
_ACL = "aws-s3-acl-deny-public"
_KMS = _rules(applyServerSideEncryptionByDefault={"sseAlgorithm": "aws:kms"})
_GRANTS = {"grants": [{"permission": "READ", "grantee": {"type": "Group", "uri": "http://acs/groups/s3/LogDelivery"}}]}

CASES = [
    *(_case(_BLOCK, ACCESS_BLOCK, _OPEN, name, False) for name in _OPEN),
    _case(_BLOCK, ACCESS_BLOCK, _OPEN, "bucket", "other"),
    *(_make("aws-s3-account-require-public-access-block", _OPEN, name, False) for name in _OPEN),
    _case("aws-s3-bucket-require-versioning", VERSIONING[0], {"versioningConfiguration": {"status": "Enabled"}},
          "versioningConfiguration.status", "Suspended"),
    _case("aws-s3-bucket-require-kms", ENCRYPTION[0], _KMS, "rules[0].applyServerSideEncryptionByDefault.sseAlgorithm",
          "AES256"),
    _case("aws-s3-bucket-require-kms", ENCRYPTION[1], _KMS, "bucket", "other"),
    _case("aws-s3-bucket-require-tls", POLICY, {"policy": policy()}, "policy", policy("true")),
    _make("aws-s3-bucket-require-object-lock", _BUCKET, "objectLockEnabled", False),
    _case("aws-s3-bucket-require-replication", REPLICATION, _rules(status="Enabled"), "rules[0].status", "Disabled"),
    _case("aws-s3-bucket-require-logging", LOGGING[0], {"targetBucket": "logs"}, "bucket", "other"),
    _case("aws-s3-bucket-require-lifecycle", LIFECYCLE[0], _rules(id="old", status="Enabled"), "rules[0].status",
          "Disabled"),
    _make(_ACL, {"acl": "private"}, "acl", "public-read"),
    _make(_ACL, {"accessControlPolicy": _GRANTS}, "accessControlPolicy.grants[0].grantee.uri",
          "http://acs.amazonaws.com/groups/global/AllUsers", absent_path="accessControlPolicy"),
    _make("aws-s3-ownership-match-enforced", {"rule": {"objectOwnership": "BucketOwnerEnforced"}},
          "rule.objectOwnership", "ObjectWriter"),
]  # fmt: skip
