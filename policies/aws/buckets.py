"""Buckets. AWS spreads one over many resources, so most rules look for the resource that is about the bucket."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from policies.aws.documents import refuses_plain_transport
from policies.aws.relations import StackCheck, about, must_have
from policies.checks import MISSING, both, exists, find, must_be, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack


def _versions(name: str) -> tuple[str, ...]:
    """The type and its older form, which the SDK still has."""
    return tuple(f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}" for kind in (name, f"{name}V2"))


BUCKETS = _versions("Bucket")
VERSIONING = _versions("BucketVersioning")
ENCRYPTION = _versions("BucketServerSideEncryptionConfiguration")
LOGGING = _versions("BucketLogging")
LIFECYCLE = _versions("BucketLifecycleConfiguration")
ACLS = _versions("BucketAcl")
ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ACCOUNT_BLOCK = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
LOAD_BALANCER = "aws:lb/loadBalancer:LoadBalancer"

_GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_KEEPS = re.compile("backup|evidence|audit")
"""Names of buckets whose content has to outlive a mistake or an intruder."""


def _some(types: tuple[str, ...], is_right: Callable[[Props], bool], words: str) -> StackCheck:
    """A resource of these types that is right is about the bucket."""

    def check(bucket: Resource, stack: Stack) -> Iterator[str]:
        if not exists(about(bucket, stack, types, "bucket", by="bucket"), lambda one: is_right(one.props)):
            yield f"bucket: {words}"

    return check


def _unless(exempt: Callable[[Resource, Stack], bool], check: StackCheck) -> StackCheck:
    def checked(bucket: Resource, stack: Stack) -> Iterator[str]:
        if not exempt(bucket, stack):
            yield from check(bucket, stack)

    return checked


def _takes_logs(bucket: Resource, stack: Stack) -> bool:
    """Whether AWS delivers access logs to it, which it does to buckets with its own key only."""
    balancers, logged = (LOAD_BALANCER,), LOGGING
    return bool(stack.pointing_at(bucket, balancers, "accessLogs") or stack.pointing_at(bucket, logged, "targetBucket"))


def _keeps_nothing(bucket: Resource, stack: Stack) -> bool:
    if _takes_logs(bucket, stack):  # whatever its name; AWS delivers none to a bucket that is locked
        return True
    return not (_KEEPS.search(bucket.name.lower()) or _KEEPS.search(bucket.props.get("bucket") or ""))


def _is_replica(bucket: Resource, stack: Stack) -> bool:
    return _keeps_nothing(bucket, stack) or bool(stack.pointing_at(bucket, (REPLICATION,), "rules"))


def _is_encrypted(props: Props) -> bool:
    algorithms = [name for _, name in find(props, "rules[*].applyServerSideEncryptionByDefault.sseAlgorithm")]
    return all(name in ("aws:kms", "aws:kms:dsse") for name in algorithms)


def _is_locked(bucket: Resource, _: Stack) -> Iterator[str]:
    yield from must_be("objectLockEnabled", True)(bucket.inputs)


def _grants_to_all(props: Props) -> Iterator[str]:
    if "accessControlPolicy" in props:
        for at, uri in find(props, "accessControlPolicy.grants[*].grantee.uri"):
            if uri is not MISSING and str(uri).endswith(("/AllUsers", "/AuthenticatedUsers")):
                yield f"{at}: is everybody"


RULES: tuple[AnyRule, ...] = (
    StackRule(
        id="aws-s3-bucket-require-public-access-block",
        types=BUCKETS,
        severity=Severity.CRITICAL,
        absent=Absence.DENY,
        why="One wrong policy or grant makes the bucket public, and the block is what holds then.",
        remedy="Add a BucketPublicAccessBlock with all four settings true.",
        reference=_GUIDE + "access-control-block-public-access.html",
        check=_some(
            (ACCESS_BLOCK,),
            lambda block: all(block.get(name) is True for name in _BLOCKS),
            "nothing blocks public access to it in all four ways",
        ),
    ),
    Rule(
        id="aws-s3-account-require-public-access-block",
        types=(ACCOUNT_BLOCK,),
        severity=Severity.CRITICAL,
        absent=Absence.DENY,
        why="The account's own block holds for buckets that nobody declared, and each part of it is off by default.",
        remedy="Set all four settings to true.",
        reference=_GUIDE + "access-control-block-public-access.html",
        check=both(*(must_be(name, True) for name in _BLOCKS)),
    ),
    StackRule(
        id="aws-s3-bucket-require-versioning",
        types=BUCKETS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="What is overwritten or deleted in a bucket without versions is gone.",
        remedy="Add a BucketVersioning with status Enabled.",
        reference=_GUIDE + "Versioning.html",
        check=_some(
            VERSIONING,
            lambda one: (one.get("versioningConfiguration") or {}).get("status") == "Enabled",
            "it keeps no versions",
        ),
    ),
    StackRule(
        id="aws-s3-bucket-require-kms",
        types=BUCKETS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Under the service's key whoever may read the bucket reads the data, and no key can be taken away.",
        remedy="Add a BucketServerSideEncryptionConfiguration with aws:kms; targets of access logs are exempt.",
        reference=_GUIDE + "UsingKMSEncryption.html",
        check=_unless(_takes_logs, _some(ENCRYPTION, _is_encrypted, "it is not encrypted by KMS")),
    ),
    StackRule(
        id="aws-s3-bucket-require-tls",
        types=BUCKETS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="S3 answers without TLS, too, and then anybody on the way reads along.",
        remedy="Add a BucketPolicy that denies s3:* to everybody where aws:SecureTransport is false.",
        reference=_GUIDE + "security-best-practices.html",
        check=_some(
            (POLICY,),
            lambda one: bool(one.get("policy")) and refuses_plain_transport(one["policy"], below="*"),
            "no policy refuses requests without TLS",
        ),
    ),
    StackRule(
        id="aws-s3-bucket-require-object-lock",
        types=BUCKETS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Whoever takes over the account deletes the backups first.",
        remedy="Set objectLockEnabled: true; it is asked of buckets named backup, evidence or audit.",
        reference=_GUIDE + "object-lock.html",
        check=_unless(_keeps_nothing, _is_locked),
    ),
    StackRule(
        id="aws-s3-bucket-require-replication",
        types=BUCKETS,
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Backups in the region that they are for are lost with it.",
        remedy="Add a BucketReplicationConfig to a bucket of another region; a replica itself needs none.",
        reference=_GUIDE + "replication.html",
        check=_unless(
            _is_replica,
            _some(
                (REPLICATION,),
                lambda one: any(status == "Enabled" for _, status in find(one, "rules[*].status")),
                "no replication copies it elsewhere",
            ),
        ),
    ),
    StackRule(
        id="aws-s3-bucket-require-logging",
        types=BUCKETS,
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Who read an object is not in the trail unless somebody turned that on.",
        remedy="Add a BucketLogging; a bucket that takes logs needs none.",
        reference=_GUIDE + "ServerLogs.html",
        check=_unless(_takes_logs, must_have(LOGGING, "bucket", "access log", by="bucket")),
    ),
    StackRule(
        id="aws-s3-bucket-require-lifecycle",
        types=BUCKETS,
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Old versions and broken uploads are paid for and kept for ever.",
        remedy="Add a BucketLifecycleConfiguration with an enabled rule.",
        reference=_GUIDE + "object-lifecycle-mgmt.html",
        check=_some(
            LIFECYCLE,
            lambda one: any(status == "Enabled" for _, status in find(one, "rules[*].status")),
            "nothing expires in it",
        ),
    ),
    Rule(
        id="aws-s3-acl-deny-public",
        types=ACLS,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="A public grant gives everybody the list of objects, or the objects.",
        remedy="Use a private ACL, or better none with BucketOwnerEnforced.",
        reference=_GUIDE + "acl-overview.html",
        check=both(must_not_be("acl", "public-read", "public-read-write", "authenticated-read"), _grants_to_all),
    ),
    Rule(
        id="aws-s3-ownership-match-enforced",
        types=(OWNERSHIP,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="With access lists on, who writes an object decides who reads it.",
        remedy="Set rule.objectOwnership: BucketOwnerEnforced.",
        reference=_GUIDE + "about-object-ownership.html",
        check=must_be("rule.objectOwnership", "BucketOwnerEnforced"),
    ),
)
