"""Rules about storage classes and volume claims."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from policies.checks import find, may_be, must_be
from policies.kubernetes.manifests import STATEFUL_SET, Props
from policies.rule import Absence, AnyRule, Level, Rule, Severity, StackRule
from policies.stack import Resource, Stack

STORAGE_CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
_CLASSES = "https://kubernetes.io/docs/concepts/storage/storage-classes/"
_CLAIMS = "https://kubernetes.io/docs/concepts/storage/persistent-volumes/"
_KEYS: Final = {
    "ebs.csi.aws.com": ("kmsKeyId",),
    "disk.csi.azure.com": ("diskEncryptionSetID",),
    "pd.csi.storage.gke.io": ("disk-encryption-kms-key",),
}
"""Parameters that name the key, by provisioner. Operators of other provisioners check their own."""
_KEY_TYPES: Final = (
    "aws:kms/key:Key",
    "aws:kms/alias:Alias",
    "azure-native:compute:DiskEncryptionSet",
    "gcp:kms/cryptoKey:CryptoKey",
)


def _check_key(storage: Resource, stack: Stack) -> Iterator[str]:
    origins = storage.references.get("parameters", frozenset())
    if any(resource.urn in origins for resource in stack.of_type(*_KEY_TYPES)):
        return  # a key of the stack is unknown before it is created
    for parameter in _KEYS.get(storage.inputs["provisioner"], ()):
        if not (storage.inputs.get("parameters") or {}).get(parameter):
            yield f"parameters.{parameter}: no key of your own is used; got nothing; expected a key"


def _check_access_modes(props: Props) -> Iterator[str]:
    claims_path = "spec.volumeClaimTemplates[*].spec" if props["kind"] == "StatefulSet" else "spec"
    for path, mode in find(props, f"{claims_path}.accessModes[*]"):
        if mode == "ReadWriteMany":
            yield f"{path}: several machines may write to the volume; got ReadWriteMany; expected ReadWriteOnce"


_rule = partial(
    Rule,
    types=(STORAGE_CLASS,),
    severity=Severity.MEDIUM,
    level=Level.ADVISORY,
    absent=Absence.DENY,
    reference=_CLASSES,
)

RULES: tuple[AnyRule, ...] = (
    StackRule(
        id="kubernetes-storage-class-require-key",
        types=(STORAGE_CLASS,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Access to data under a key of the cloud provider cannot be revoked.",
        remedy="Set the key parameter of the storage class's driver in parameters.",
        reference=_CLASSES,
        check=_check_key,
    ),
    _rule(
        id="kubernetes-storage-class-require-expansion",
        why="A full volume that cannot grow causes an outage and a copy of all its data.",
        remedy="Set allowVolumeExpansion: true.",
        check=must_be("allowVolumeExpansion", True),
    ),
    _rule(
        id="kubernetes-storage-class-match-binding",
        why="A volume created before its pod is scheduled may be in a zone where the pod cannot run.",
        remedy="Set volumeBindingMode: WaitForFirstConsumer.",
        check=must_be("volumeBindingMode", "WaitForFirstConsumer"),
    ),
    _rule(
        id="kubernetes-core-claim-deny-sharing",
        types=(CLAIM, STATEFUL_SET),
        absent=Absence.ALLOW,
        why="Two pods that write to one volume corrupt its data, unless the program supports it.",
        remedy="Set accessModes: [ReadWriteOnce] or [ReadWriteOncePod].",
        reference=f"{_CLAIMS}#access-modes",
        check=_check_access_modes,
    ),
    _rule(
        id="kubernetes-apps-statefulset-match-retention",
        types=(STATEFUL_SET,),
        absent=Absence.ALLOW,
        why="Pods that are scaled in temporarily return without their data.",
        remedy="Set persistentVolumeClaimRetentionPolicy.whenScaled: Retain.",
        reference="https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/"
        "#persistentvolumeclaim-retention",
        check=may_be("spec.persistentVolumeClaimRetentionPolicy.whenScaled", "Retain"),
    ),
)
