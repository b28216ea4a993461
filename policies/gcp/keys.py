"""Rules about KMS keys, and about resources that must use a key of the project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.checks import MISSING, find, must_be
from policies.gcp.references import StackCheck, by_type, must_name_key
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

KEY = "gcp:kms/cryptoKey:CryptoKey"

_GUIDE = "https://cloud.google.com/kms/docs/"
_DAY = 86_400
_MAXIMUM_DAYS = 90
_MINIMUM_DAYS = 14


def _check_secret_key(secret: Resource, stack: Stack) -> Iterator[str]:
    replication = secret.inputs["replication"]
    encryption_path = "userManaged.replicas[*]" if replication.get("userManaged") else "auto"
    yield from must_name_key(f"replication.{encryption_path}.customerManagedEncryption.kmsKeyName")(secret, stack)


STORES: Mapping[str, StackCheck] = {
    "gcp:alloydb/cluster:Cluster": must_name_key("encryptionConfig.kmsKeyName"),
    "gcp:artifactregistry/repository:Repository": must_name_key("kmsKeyName"),
    "gcp:bigquery/dataset:Dataset": must_name_key("defaultEncryptionConfiguration.kmsKeyName"),
    "gcp:compute/disk:Disk": must_name_key("diskEncryptionKey.kmsKeySelfLink"),
    "gcp:compute/image:Image": must_name_key("imageEncryptionKey.kmsKeySelfLink"),
    "gcp:compute/instance:Instance": must_name_key("bootDisk.kmsKeySelfLink"),
    "gcp:compute/instanceTemplate:InstanceTemplate": must_name_key("disks[*].diskEncryptionKey.kmsKeySelfLink"),
    "gcp:compute/regionDisk:RegionDisk": must_name_key("diskEncryptionKey.kmsKeyName"),
    "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate": must_name_key(
        "disks[*].diskEncryptionKey.kmsKeySelfLink"
    ),
    "gcp:compute/snapshot:Snapshot": must_name_key("snapshotEncryptionKey.kmsKeySelfLink"),
    "gcp:filestore/instance:Instance": must_name_key("kmsKeyName"),
    "gcp:logging/projectBucketConfig:ProjectBucketConfig": must_name_key("cmekSettings.kmsKeyName"),
    "gcp:pubsub/topic:Topic": must_name_key("kmsKeyName"),
    "gcp:redis/instance:Instance": must_name_key("customerManagedKey"),
    "gcp:secretmanager/regionalSecret:RegionalSecret": must_name_key("customerManagedEncryption.kmsKeyName"),
    "gcp:secretmanager/secret:Secret": _check_secret_key,
    "gcp:spanner/database:Database": must_name_key("encryptionConfig.kmsKeyName"),
    "gcp:sql/databaseInstance:DatabaseInstance": must_name_key("encryptionKeyName"),
    "gcp:storage/bucket:Bucket": must_name_key("encryption.defaultKmsKeyName"),
}
"""Checks by type of the resources that store data, each with the property that names its key."""


def _days(text: object) -> float:
    return float(str(text).removesuffix("s")) / _DAY


def _check_rotation(props: Props) -> Iterator[str]:
    # Google rotates only symmetric keys automatically.
    if (props.get("purpose") or "ENCRYPT_DECRYPT") != "ENCRYPT_DECRYPT":
        return
    for path, period in find(props, "rotationPeriod"):
        if period is MISSING:
            yield f"{path}: the key is never rotated; got nothing; expected at most {_MAXIMUM_DAYS} days"
        elif _days(period) > _MAXIMUM_DAYS:
            yield f"{path}: is too high; got {_days(period):g} days; expected at most {_MAXIMUM_DAYS}"


def _check_destruction_delay(props: Props) -> Iterator[str]:
    for path, delay in find(props, "destroyScheduledDuration"):
        if delay is not MISSING and _days(delay) < _MINIMUM_DAYS:
            yield f"{path}: is too low; got {_days(delay):g} days; expected at least {_MINIMUM_DAYS}"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-kms-key-require-rotation",
        types=(KEY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The longer a key is in use, the more data a leak of the key exposes.",
        remedy=f"Set rotationPeriod: '{_MAXIMUM_DAYS * _DAY}s'.",
        reference=_GUIDE + "key-rotation",
        check=_check_rotation,
    ),
    Rule(
        id="gcp-kms-key-limit-destruction",
        types=(KEY,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Data under a destroyed key is lost, and a short delay passes before the mistake is noticed.",
        remedy="Remove destroyScheduledDuration. The default delay is 30 days.",
        reference=_GUIDE + "destroy-restore",
        check=_check_destruction_delay,
    ),
    Rule(
        id="gcp-kms-key-match-protection",
        types=(KEY,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        production_only=True,
        why="A software key can be copied from a machine's memory. Test data outside production does not need an HSM.",
        remedy="Set versionTemplate.protectionLevel: HSM.",
        reference=_GUIDE + "protection-levels",
        check=must_be("versionTemplate.protectionLevel", "HSM", "HSM_SINGLE_TENANT", "EXTERNAL", "EXTERNAL_VPC"),
    ),
    StackRule(
        id="gcp-kms-store-require-own-key",
        types=tuple(STORES),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Access to data under a Google-managed key can neither be reviewed nor revoked.",
        remedy="Set the key property of the resource to a key of the project.",
        reference=_GUIDE + "cmek",
        check=by_type(STORES),
    ),
)
