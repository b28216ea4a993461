"""Keys: that they turn over and cannot be lost, and that what holds data is under one of the project's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.checks import MISSING, find, must_be
from policies.gcp.relations import StackCheck, by_type, must_name_key
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

KEY = "gcp:kms/cryptoKey:CryptoKey"

_GUIDE = "https://cloud.google.com/kms/docs/"
_DAY = 86_400
_MOST_DAYS = 90
_LEAST_DAYS = 14


def _secret_names_key(secret: Resource, stack: Stack) -> Iterator[str]:
    replication = secret.inputs["replication"]
    own = "userManaged.replicas[*]" if replication.get("userManaged") else "auto"
    yield from must_name_key(f"replication.{own}.customerManagedEncryption.kmsKeyName")(secret, stack)


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
    "gcp:secretmanager/secret:Secret": _secret_names_key,
    "gcp:spanner/database:Database": must_name_key("encryptionConfig.kmsKeyName"),
    "gcp:sql/databaseInstance:DatabaseInstance": must_name_key("encryptionKeyName"),
    "gcp:storage/bucket:Bucket": must_name_key("encryption.defaultKmsKeyName"),
}
"""What keeps data, and where it names its key."""


def _days(text: object) -> float:
    return float(str(text).removesuffix("s")) / _DAY


def _stays_the_same(props: Props) -> Iterator[str]:
    # Google turns symmetric keys over by itself, and no others.
    if (props.get("purpose") or "ENCRYPT_DECRYPT") != "ENCRYPT_DECRYPT":
        return
    for at, period in find(props, "rotationPeriod"):
        if period is MISSING:
            yield f"{at}: is missing, and the key never changes"
        elif _days(period) > _MOST_DAYS:
            yield f"{at}: is {_days(period):g} days, and must be at most {_MOST_DAYS}"


def _is_gone_soon(props: Props) -> Iterator[str]:
    for at, delay in find(props, "destroyScheduledDuration"):
        if delay is not MISSING and _days(delay) < _LEAST_DAYS:
            yield f"{at}: is {_days(delay):g} days, and must be at least {_LEAST_DAYS}"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-kms-key-require-rotation",
        types=(KEY,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The longer one key encrypts everything, the more is lost with it.",
        remedy=f'Set rotationPeriod: "{_MOST_DAYS * _DAY}s".',
        reference=_GUIDE + "key-rotation",
        check=_stays_the_same,
    ),
    Rule(
        id="gcp-kms-key-limit-destruction",
        types=(KEY,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="What a key encrypted is gone with it, and a mistake is seen after days.",
        remedy="Remove destroyScheduledDuration: Google waits for 30 days.",
        reference=_GUIDE + "destroy-restore",
        check=_is_gone_soon,
    ),
    Rule(
        id="gcp-kms-key-match-protection",
        types=(KEY,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        production_only=True,
        why="A key in software can be copied out of a machine's memory; for data that is for trying that is no loss.",
        remedy="Set versionTemplate.protectionLevel: HSM.",
        reference=_GUIDE + "protection-levels",
        check=must_be("versionTemplate.protectionLevel", "HSM", "HSM_SINGLE_TENANT", "EXTERNAL", "EXTERNAL_VPC"),
    ),
    StackRule(
        id="gcp-kms-store-require-own-key",
        types=tuple(STORES),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Under Google's key nobody but Google can say who reads the data, or end it.",
        remedy="Name a key of the project's own.",
        reference=_GUIDE + "cmek",
        check=by_type(STORES),
    ),
)
