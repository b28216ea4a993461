"""Volumes: the classes that they are made by, and the claims on them."""

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
"""Parameters that name the key, by provisioner; a provisioner that is not here is for those who run it."""
_KEY_TYPES: Final = (
    "aws:kms/key:Key",
    "aws:kms/alias:Alias",
    "azure-native:compute:DiskEncryptionSet",
    "gcp:kms/cryptoKey:CryptoKey",
)


def _is_under_a_key(storage: Resource, stack: Stack) -> Iterator[str]:
    origins = storage.refers.get("parameters", frozenset())
    if any(one.urn in origins for one in stack.of(*_KEY_TYPES)):
        return  # the parameters name a key of the stack, which is not known before it is made
    for parameter in _KEYS.get(storage.inputs["provisioner"], ()):
        if not (storage.inputs.get("parameters") or {}).get(parameter):
            yield f"parameters.{parameter}: names no key"


def _is_for_one_machine(props: Props) -> Iterator[str]:
    where = "spec.volumeClaimTemplates[*].spec" if props["kind"] == "StatefulSet" else "spec"
    for at, mode in find(props, f"{where}.accessModes[*]"):
        if mode == "ReadWriteMany":
            yield f"{at}: several machines may write to it at once"


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
        why="A volume under no key of one's own is read by whoever the cloud lets, and cannot be shut by taking a key.",
        remedy="Name the key in the class's parameters, in the words of its driver.",
        reference=_CLASSES,
        check=_is_under_a_key,
    ),
    _rule(
        id="kubernetes-storage-class-require-expansion",
        why="A full volume of a class that cannot grow is an outage with a copy of all data in the middle.",
        remedy="Set allowVolumeExpansion: true.",
        check=must_be("allowVolumeExpansion", True),
    ),
    _rule(
        id="kubernetes-storage-class-match-binding",
        why="A volume that is made before its pod is placed may be in a zone where the pod cannot run.",
        remedy="Set volumeBindingMode: WaitForFirstConsumer.",
        check=must_be("volumeBindingMode", "WaitForFirstConsumer"),
    ),
    _rule(
        id="kubernetes-core-claim-deny-sharing",
        types=(CLAIM, STATEFUL_SET),
        absent=Absence.ALLOW,
        why="Two pods that write to one volume spoil each other's data, unless the program was made for it.",
        remedy="Use ReadWriteOnce, or ReadWriteOncePod.",
        reference=f"{_CLAIMS}#access-modes",
        check=_is_for_one_machine,
    ),
    _rule(
        id="kubernetes-apps-statefulset-match-retention",
        types=(STATEFUL_SET,),
        absent=Absence.ALLOW,
        why="What is scaled in for a night comes back without its data.",
        remedy="Set persistentVolumeClaimRetentionPolicy.whenScaled: Retain.",
        reference="https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/"
        "#persistentvolumeclaim-retention",
        check=may_be("spec.persistentVolumeClaimRetentionPolicy.whenScaled", "Retain"),
    ),
)
