"""Rules about S3 buckets. Most read the separate resource that configures one aspect of the bucket."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from policies.aws.policy_documents import denies_plain_transport
from policies.aws.references import StackCheck, must_have, referrers
from policies.checks import MISSING, all_of, exists, find, must_be, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack


def _type_tokens(name: str) -> tuple[str, ...]:
    """Return the current and the older type token of an S3 resource."""
    return tuple(f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}" for kind in (name, f"{name}V2"))


BUCKETS = _type_tokens("Bucket")
VERSIONING = _type_tokens("BucketVersioning")
ENCRYPTION = _type_tokens("BucketServerSideEncryptionConfiguration")
LOGGING = _type_tokens("BucketLogging")
LIFECYCLE = _type_tokens("BucketLifecycleConfiguration")
ACLS = _type_tokens("BucketAcl")
ACCESS_BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ACCOUNT_BLOCK = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
OWNERSHIP = "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
LOAD_BALANCER = "aws:lb/loadBalancer:LoadBalancer"

_GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/"
_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_DURABLE_NAME = re.compile("backup|evidence|audit")
"""Patterns of bucket names whose content must survive mistakes and intruders."""


def _must_configure(types: tuple[str, ...], is_correct: Callable[[Props], bool], problem: str) -> StackCheck:
    """Return a check that some resource of these types configures the bucket correctly."""

    def check(bucket: Resource, stack: Stack) -> Iterator[str]:
        if not exists(
            referrers(bucket, stack, types, "bucket", by="bucket"), lambda resource: is_correct(resource.props)
        ):
            yield f"bucket: {problem}"

    return check


def _unless(exempt: Callable[[Resource, Stack], bool], check: StackCheck) -> StackCheck:
    def check_applicable(bucket: Resource, stack: Stack) -> Iterator[str]:
        if not exempt(bucket, stack):
            yield from check(bucket, stack)

    return check_applicable


def _receives_logs(bucket: Resource, stack: Stack) -> bool:
    """True if AWS delivers access logs to the bucket. AWS requires its own key on such a bucket."""
    balancers, logging = (LOAD_BALANCER,), LOGGING
    return bool(stack.referrers(bucket, balancers, "accessLogs") or stack.referrers(bucket, logging, "targetBucket"))


def _is_not_durable(bucket: Resource, stack: Stack) -> bool:
    if _receives_logs(bucket, stack):  # AWS does not deliver logs to a locked bucket
        return True
    return not (_DURABLE_NAME.search(bucket.name.lower()) or _DURABLE_NAME.search(bucket.props.get("bucket") or ""))


def _is_replica(bucket: Resource, stack: Stack) -> bool:
    return _is_not_durable(bucket, stack) or bool(stack.referrers(bucket, (REPLICATION,), "rules"))


def _is_encrypted(props: Props) -> bool:
    algorithms = [name for _, name in find(props, "rules[*].applyServerSideEncryptionByDefault.sseAlgorithm")]
    return all(name in ("aws:kms", "aws:kms:dsse") for name in algorithms)


def _check_object_lock(bucket: Resource, _: Stack) -> Iterator[str]:
    yield from must_be("objectLockEnabled", True)(bucket.inputs)


def _check_public_grants(props: Props) -> Iterator[str]:
    if "accessControlPolicy" in props:
        for path, uri in find(props, "accessControlPolicy.grants[*].grantee.uri"):
            if uri is not MISSING and str(uri).endswith(("/AllUsers", "/AuthenticatedUsers")):
                yield f"{path}: the ACL grants access to all users; got {uri}; expected a named grantee"


RULES: tuple[AnyRule, ...] = (
    StackRule(
        id="aws-s3-bucket-require-public-access-block",
        types=BUCKETS,
        severity=Severity.CRITICAL,
        absent=Absence.DENY,
        why="One wrong policy or grant makes the bucket public unless the access block prevents it.",
        remedy="Add a BucketPublicAccessBlock with all four settings set to true.",
        reference=_GUIDE + "access-control-block-public-access.html",
        check=_must_configure(
            (ACCESS_BLOCK,),
            lambda block: all(block.get(name) is True for name in _BLOCKS),
            "public access is not blocked; got no BucketPublicAccessBlock with all four settings; expected one",
        ),
    ),
    Rule(
        id="aws-s3-account-require-public-access-block",
        types=(ACCOUNT_BLOCK,),
        severity=Severity.CRITICAL,
        absent=Absence.DENY,
        why=(
            "The account-wide block also protects buckets outside this stack, and each of its settings is off by "
            "default."
        ),
        remedy="Set blockPublicAcls, blockPublicPolicy, ignorePublicAcls and restrictPublicBuckets to true.",
        reference=_GUIDE + "access-control-block-public-access.html",
        check=all_of(*(must_be(name, True) for name in _BLOCKS)),
    ),
    StackRule(
        id="aws-s3-bucket-require-versioning",
        types=BUCKETS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without versioning, an overwritten or deleted object cannot be restored.",
        remedy="Add a BucketVersioning with status: Enabled.",
        reference=_GUIDE + "Versioning.html",
        check=_must_configure(
            VERSIONING,
            lambda props: (props.get("versioningConfiguration") or {}).get("status") == "Enabled",
            "versioning is off; got no BucketVersioning with status Enabled; expected one",
        ),
    ),
    StackRule(
        id="aws-s3-bucket-require-kms",
        types=BUCKETS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Under the service key, every reader of the bucket reads the data, and no key can be revoked.",
        remedy="Add a BucketServerSideEncryptionConfiguration with aws:kms. Targets of access logs are exempt.",
        reference=_GUIDE + "UsingKMSEncryption.html",
        check=_unless(
            _receives_logs,
            _must_configure(
                ENCRYPTION,
                _is_encrypted,
                "the bucket is not encrypted with KMS; got no configuration with aws:kms; expected one",
            ),
        ),
    ),
    StackRule(
        id="aws-s3-bucket-require-tls",
        types=BUCKETS,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="S3 also answers without TLS, and then anyone on the network path can read the data.",
        remedy="Add a BucketPolicy that denies s3:* to all principals where aws:SecureTransport is false.",
        reference=_GUIDE + "security-best-practices.html",
        check=_must_configure(
            (POLICY,),
            lambda props: bool(props.get("policy")) and denies_plain_transport(props["policy"], below="*"),
            "requests without TLS are accepted; got no policy that denies them; expected one",
        ),
    ),
    StackRule(
        id="aws-s3-bucket-require-object-lock",
        types=BUCKETS,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="An attacker who takes over the account can delete backups and audit records.",
        remedy="Set objectLockEnabled: true. The rule applies to buckets named backup, evidence or audit.",
        reference=_GUIDE + "object-lock.html",
        check=_unless(_is_not_durable, _check_object_lock),
    ),
    StackRule(
        id="aws-s3-bucket-require-replication",
        types=BUCKETS,
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A failure of the region destroys the backups together with the data.",
        remedy="Add a BucketReplicationConfig to a bucket in another region. A replica itself is exempt.",
        reference=_GUIDE + "replication.html",
        check=_unless(
            _is_replica,
            _must_configure(
                (REPLICATION,),
                lambda props: any(status == "Enabled" for _, status in find(props, "rules[*].status")),
                "the bucket is not replicated; got no enabled replication rule; expected at least one",
            ),
        ),
    ),
    StackRule(
        id="aws-s3-bucket-require-logging",
        types=BUCKETS,
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="By default no log records which client read an object.",
        remedy="Add a BucketLogging. A bucket that receives logs is exempt.",
        reference=_GUIDE + "ServerLogs.html",
        check=_unless(_receives_logs, must_have(LOGGING, "bucket", "BucketLogging", by="bucket")),
    ),
    StackRule(
        id="aws-s3-bucket-require-lifecycle",
        types=BUCKETS,
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Old versions and incomplete uploads are stored and billed forever.",
        remedy="Add a BucketLifecycleConfiguration with an enabled rule.",
        reference=_GUIDE + "object-lifecycle-mgmt.html",
        check=_must_configure(
            LIFECYCLE,
            lambda props: any(status == "Enabled" for _, status in find(props, "rules[*].status")),
            "objects never expire; got no enabled lifecycle rule; expected at least one",
        ),
    ),
    Rule(
        id="aws-s3-acl-deny-public",
        types=ACLS,
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="A public grant lets anyone list or read the objects.",
        remedy="Set acl: private, or remove the ACL and use BucketOwnerEnforced.",
        reference=_GUIDE + "acl-overview.html",
        check=all_of(
            must_not_be("acl", "public-read", "public-read-write", "authenticated-read"), _check_public_grants
        ),
    ),
    Rule(
        id="aws-s3-ownership-match-enforced",
        types=(OWNERSHIP,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="With ACLs enabled, the writer of an object decides which accounts can read it.",
        remedy="Set rule.objectOwnership: BucketOwnerEnforced.",
        reference=_GUIDE + "about-object-ownership.html",
        check=must_be("rule.objectOwnership", "BucketOwnerEnforced"),
    ),
)
