"""Kubernetes objects as plain dictionaries, and the few things that everything asks of them."""

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
        """Whether objects of this kind define kinds."""
        return self.group == "apiextensions.k8s.io" and self.kind == "CustomResourceDefinition"

    @property
    def is_secret(self) -> bool:
        """Whether its data is secret by nature."""
        return not self.group and self.kind == "Secret"

    @property
    def is_custom(self) -> bool:
        """Whether it comes from a CustomResourceDefinition (or an aggregated API) and not from Kubernetes itself."""
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
"""Built-in kinds without a namespace, for when no cluster can be asked."""


def gvk_of(obj: Mapping[str, Any]) -> Gvk:
    """What the object says it is."""
    group, _, version = str(obj.get("apiVersion", "")).rpartition("/")
    return Gvk(group="" if group == "core" else group, version=version, kind=str(obj.get("kind", "")))


def gvk_of_urn(urn: Urn) -> Gvk:
    """What a resource's type token says it is."""
    group, _, version = urn.module.rpartition("/")
    return Gvk(group="" if group == "core" else group, version=version, kind=urn.kind)


def metadata(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    """Its metadata; empty where there is none or it is not known yet."""
    value = obj.get("metadata")
    return value if isinstance(value, Mapping) else {}


def name_of(obj: Mapping[str, Any]) -> str:
    """Its name; empty where there is none or it is not known yet."""
    value = metadata(obj).get("name")
    return value if isinstance(value, str) else ""


def namespace_of(obj: Mapping[str, Any]) -> str:
    """Its namespace; empty where there is none or it is not known yet."""
    value = metadata(obj).get("namespace")
    return value if isinstance(value, str) else ""


def identifier(obj: Mapping[str, Any]) -> str:
    """The resource's id in the state: ``namespace/name`` or ``name``."""
    return f"{namespace_of(obj)}/{name_of(obj)}" if namespace_of(obj) else name_of(obj)


def split_identifier(text: str) -> tuple[str, str]:
    """Namespace (or empty) and name of an id."""
    namespace, _, name = text.rpartition("/")
    return namespace, name


def annotation(obj: Mapping[str, Any], key: str) -> str:
    """One annotation; empty where there is none or it is not known yet."""
    annotations = metadata(obj).get("annotations")
    value = annotations.get(key) if isinstance(annotations, Mapping) else None
    return value if isinstance(value, str) else ""


def annotated_true(obj: Mapping[str, Any], key: str) -> bool:
    """Whether an annotation says ``"true"``."""
    return annotation(obj, key) == "true"


def at(obj: Value, *path: str) -> Value:
    """The value below ``path``, or None."""
    for step in path:
        if not isinstance(obj, Mapping):
            return None
        obj = obj.get(step)
    return obj


def replaced(obj: Object, path: tuple[str, ...], value: Value) -> Object:
    """A copy with ``value`` at ``path``; what stands in the way and is no object is replaced too."""
    step, rest = path[0], path[1:]
    below = obj.get(step)
    inner = replaced(below if isinstance(below, dict) else {}, rest, value) if rest else value
    return {**obj, step: inner}


def without(obj: Object, *paths: tuple[str, ...]) -> Object:
    """A copy without what stands at the paths."""
    for path in paths:
        obj = _without(obj, path)
    return obj


def _without(obj: Object, path: tuple[str, ...]) -> Object:
    step, rest = path[0], path[1:]
    if step not in obj:
        return obj
    if not rest:
        return {key: value for key, value in obj.items() if key != step}
    below = obj[step]
    return {**obj, step: _without(below, rest)} if isinstance(below, dict) else obj
