"""Cases of ``policies.gcp.keys``."""

from __future__ import annotations

from typing import Any

from policies.gcp.keys import RULES
from tests.policies import tables
from tests.policies.contract import REMOVED

_case = tables.of(RULES)
_NAME = "projects/some/locations/a/keyRings/b/cryptoKeys/c"
_KEY = {
    "purpose": "ENCRYPT_DECRYPT",
    "rotationPeriod": "7776000s",
    "destroyScheduledDuration": "2592000s",
    "versionTemplate": {"algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION", "protectionLevel": "HSM"},
}
_KEY_NAME = "gcp-kms-store-require-own-key"
_ROTATION = "gcp-kms-key-require-rotation"
_SIGNING = {"purpose": "ASYMMETRIC_SIGN"}
_WAYS = {
    "gcp:alloydb/cluster:Cluster": "encryptionConfig.kmsKeyName",
    "gcp:artifactregistry/repository:Repository": "kmsKeyName",
    "gcp:bigquery/dataset:Dataset": "defaultEncryptionConfiguration.kmsKeyName",
    "gcp:compute/disk:Disk": "diskEncryptionKey.kmsKeySelfLink",
    "gcp:compute/image:Image": "imageEncryptionKey.kmsKeySelfLink",
    "gcp:compute/instance:Instance": "bootDisk.kmsKeySelfLink",
    "gcp:compute/instanceTemplate:InstanceTemplate": "disks[0].diskEncryptionKey.kmsKeySelfLink",
    "gcp:compute/regionDisk:RegionDisk": "diskEncryptionKey.kmsKeyName",
    "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate": "disks[0].diskEncryptionKey.kmsKeySelfLink",
    "gcp:compute/snapshot:Snapshot": "snapshotEncryptionKey.kmsKeySelfLink",
    "gcp:filestore/instance:Instance": "kmsKeyName",
    "gcp:logging/projectBucketConfig:ProjectBucketConfig": "cmekSettings.kmsKeyName",
    "gcp:pubsub/topic:Topic": "kmsKeyName",
    "gcp:redis/instance:Instance": "customerManagedKey",
    "gcp:secretmanager/regionalSecret:RegionalSecret": "customerManagedEncryption.kmsKeyName",
    "gcp:secretmanager/secret:Secret": "replication.auto.customerManagedEncryption.kmsKeyName",
    "gcp:spanner/database:Database": "encryptionConfig.kmsKeyName",
    "gcp:sql/databaseInstance:DatabaseInstance": "encryptionKeyName",
    "gcp:storage/bucket:Bucket": "encryption.defaultKmsKeyName",
}


def holding(way: str) -> dict[str, Any]:
    """Return properties with a key at the path."""
    first, _, arguments = way.partition(".")
    inner = holding(arguments) if arguments else _NAME
    return {first.removesuffix("[0]"): [inner] if first.endswith("[0]") else inner}


_REPLICA = {"location": "europe-west1", "customerManagedEncryption": {"kmsKeyName": _NAME}}
_REPLICATED = {"replication": {"userManaged": {"replicas": [_REPLICA]}}}

CASES = [
    _case(_ROTATION, _KEY, "rotationPeriod", "31536000s"),
    _case(_ROTATION, _SIGNING, "purpose", "ENCRYPT_DECRYPT"),
    _case("gcp-kms-key-limit-destruction", _KEY, "destroyScheduledDuration", "86400s"),
    _case("gcp-kms-key-match-protection", _KEY, "versionTemplate.protectionLevel", "SOFTWARE"),
    *(_case(_KEY_NAME, holding(way), way, REMOVED, type=kind) for kind, way in _WAYS.items()),
    _case(_KEY_NAME, _REPLICATED, "replication.userManaged.replicas[0].customerManagedEncryption", REMOVED,
          type="gcp:secretmanager/secret:Secret"),
    _case(_KEY_NAME, {"kmsKeyName": _NAME}, "kmsKeyName", "", type="gcp:pubsub/topic:Topic"),
]  # fmt: skip
