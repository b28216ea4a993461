"""Cases of ``policies.kubernetes.storage``."""

from __future__ import annotations

from typing import Any

from policies.kubernetes.manifests import STATEFUL_SET
from policies.kubernetes.storage import RULES
from tests.policies import tables

_of = tables.of(RULES)
_KEY = "kubernetes-storage-class-require-key"
_ACCESS = "accessModes[0]"


def storage_class(provisioner: str, parameter: str) -> dict[str, Any]:
    """Return an encrypted storage class."""
    return {
        "kind": "StorageClass",
        "provisioner": provisioner,
        "parameters": {parameter: "key"},
        "allowVolumeExpansion": True,
        "volumeBindingMode": "WaitForFirstConsumer",
    }


_AMAZON = storage_class("ebs.csi.aws.com", "kmsKeyId")
_CLAIM = {"kind": "PersistentVolumeClaim", "spec": {"accessModes": ["ReadWriteOnce"]}}
_SET = {
    "kind": "StatefulSet",
    "spec": {
        "volumeClaimTemplates": [{"spec": {"accessModes": ["ReadWriteOnce"]}}],
        "persistentVolumeClaimRetentionPolicy": {"whenScaled": "Retain"},
    },
}

CASES = [
    *(
        _of(_KEY, storage_class(provisioner, parameter), f"parameters.{parameter}", "")
        for provisioner, parameter in (
            ("ebs.csi.aws.com", "kmsKeyId"),
            ("disk.csi.azure.com", "diskEncryptionSetID"),
            ("pd.csi.storage.gke.io", "disk-encryption-kms-key"),
        )
    ),
    _of("kubernetes-storage-class-require-expansion", _AMAZON, "allowVolumeExpansion", False),
    _of("kubernetes-storage-class-match-binding", _AMAZON, "volumeBindingMode", "Immediate"),
    _of("kubernetes-core-claim-deny-sharing", _CLAIM, f"spec.{_ACCESS}", "ReadWriteMany"),
    _of("kubernetes-core-claim-deny-sharing", _SET, f"spec.volumeClaimTemplates[0].spec.{_ACCESS}", "ReadWriteMany",
        type=STATEFUL_SET),
    _of("kubernetes-apps-statefulset-match-retention", _SET, "spec.persistentVolumeClaimRetentionPolicy.whenScaled",
        "Delete"),
]  # fmt: skip
