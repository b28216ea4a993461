"""Kubernetes objects as plain dictionaries, with access to their common fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.core.urn import Urn

Object = dict[str, Any]

AUTONAMED: Final = "pulumi.com/autonamed"
SKIP_AWAIT: Final = "pulumi.com/skipAwait"
TIMEOUT_SECONDS: Final = "pulumi.com/timeoutSeconds"
PATCH_FORCE: Final = "pulumi.com/patchForce"
PATCH_FIELD_MANAGER: Final = "pulumi.com/patchFieldManager"
DELETION_PROPAGATION: Final = "pulumi.com/deletionPropagationPolicy"
WAIT_FOR: Final = "pulumi.com/waitFor"
LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True, kw_only=True)
class Gvk:
    """Group, version and kind; the core group is the empty text."""

    group: str
    version: str
    kind: str

    @property
    def api_version(self) -> str:
        """``apps/v1``, or ``v1`` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def is_crd(self) -> bool:
        """True if objects of this kind define kinds."""
        return self.group == "apiextensions.k8s.io" and self.kind == "CustomResourceDefinition"

    @property
    def is_secret(self) -> bool:
        """True if the data of this kind is always secret."""
        return not self.group and self.kind == "Secret"

    @property
    def is_custom(self) -> bool:
        """True if a CustomResourceDefinition or an aggregated API defines the kind, and not Kubernetes itself."""
        return self.group not in BUILT_IN_GROUPS and not self.group.endswith(".k8s.io")

    def __str__(self) -> str:
        return f"{self.api_version}/{self.kind}"


BUILT_IN_GROUPS: Final = frozenset({"", "apps", "autoscaling", "batch", "policy", "extensions"})

CLUSTER_SCOPED: Final = frozenset(
    {
        "APIService",
        "CSIDriver",
        "CSINode",
        "CertificateSigningRequest",
        "ClusterRole",
        "ClusterRoleBinding",
        "ClusterTrustBundle",
        "CustomResourceDefinition",
        "DeviceClass",
        "FlowSchema",
        "IPAddress",
        "IngressClass",
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "PriorityLevelConfiguration",
        "ResourceSlice",
        "RuntimeClass",
        "ServiceCIDR",
        "StorageClass",
        "StorageVersion",
        "StorageVersionMigration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttachment",
        "VolumeAttributesClass",
    }
)
"""Built-in kinds without a namespace, for use without a cluster."""


def gvk_of(obj: Mapping[str, Any]) -> Gvk:
    """Return the group, version and kind of an object."""
    group, _, version = str(obj.get("apiVersion", "")).rpartition("/")
    return Gvk(group="" if group == "core" else group, version=version, kind=str(obj.get("kind", "")))


def gvk_of_urn(urn: Urn) -> Gvk:
    """Return the group, version and kind of a resource's type token."""
    group, _, version = urn.module.rpartition("/")
    return Gvk(group="" if group == "core" else group, version=version, kind=urn.kind)


def metadata(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an object's metadata; empty if there is none or it is not known yet."""
    value = obj.get("metadata")
    return value if isinstance(value, Mapping) else {}


def name_of(obj: Mapping[str, Any]) -> str:
    """Return an object's name; empty if there is none or it is not known yet."""
    value = metadata(obj).get("name")
    return value if isinstance(value, str) else ""


def namespace_of(obj: Mapping[str, Any]) -> str:
    """Return an object's namespace; empty if there is none or it is not known yet."""
    value = metadata(obj).get("namespace")
    return value if isinstance(value, str) else ""


def identifier(obj: Mapping[str, Any]) -> str:
    """Return the resource's id in the state: ``namespace/name`` or ``name``."""
    return f"{namespace_of(obj)}/{name_of(obj)}" if namespace_of(obj) else name_of(obj)


def split_identifier(text: str) -> tuple[str, str]:
    """Return the namespace (or an empty one) and the name of an id."""
    namespace, _, name = text.rpartition("/")
    return namespace, name


def annotation(obj: Mapping[str, Any], key: str) -> str:
    """Return an annotation; empty if there is none or it is not known yet."""
    annotations = metadata(obj).get("annotations")
    value = annotations.get(key) if isinstance(annotations, Mapping) else None
    return value if isinstance(value, str) else ""


def annotated_true(obj: Mapping[str, Any], key: str) -> bool:
    """True if an annotation has the value ``"true"``."""
    return annotation(obj, key) == "true"


def value_at(obj: Value, *path: str) -> Value:
    """Return the value below ``path``, or None."""
    for step in path:
        if not isinstance(obj, Mapping):
            return None
        obj = obj.get(step)
    return obj


def replaced(obj: Object, path: tuple[str, ...], value: Value) -> Object:
    """Return a copy with ``value`` at ``path``. A parent that is not an object is replaced too."""
    step, remaining = path[0], path[1:]
    below = obj.get(step)
    inner = replaced(below if isinstance(below, dict) else {}, remaining, value) if remaining else value
    return {**obj, step: inner}


def without(obj: Object, *paths: tuple[str, ...]) -> Object:
    """Return a copy without the values at the paths."""
    for path in paths:
        obj = _without(obj, path)
    return obj


def _without(obj: Object, path: tuple[str, ...]) -> Object:
    step, remaining = path[0], path[1:]
    if step not in obj:
        return obj
    if not remaining:
        return {key: value for key, value in obj.items() if key != step}
    below = obj[step]
    return {**obj, step: _without(below, remaining)} if isinstance(below, dict) else obj
