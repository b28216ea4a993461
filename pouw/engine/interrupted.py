"""Recovery after a killed run: the plan that its state needs before the next run can start.

The engine records an operation before it starts it. The state of a killed run therefore holds *pending* operations:

- a pending create may have created its object. If the object's identity follows from its inputs, the resource is
  adopted under that identity and read: an existing object stays in the state, a missing one is dropped. If the
  identity does not follow, no client can find the object, and the operation is only cleared.
- a pending update or delete concerns a resource of the state: the resource is read again.

Every decision here depends on the text of the state only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pouw import files

_CREATING = "creating"
_PACKAGE_SEPARATOR = ":"
_CLUSTER_SCOPED = frozenset(
    {
        "APIService",
        "CSIDriver",
        "CSINode",
        "CertificateSigningRequest",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "FlowSchema",
        "IngressClass",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PersistentVolume",
        "PriorityClass",
        "PriorityLevelConfiguration",
        "RuntimeClass",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
        "VolumeAttachment",
    }
)


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """A pending create whose object can be looked up."""

    urn: str
    id: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The recovery of a state; usually empty."""

    adopt: Sequence[Adoption] = ()
    clear: Sequence[str] = ()
    """URNs of pending creates whose objects cannot be identified."""
    reread: Sequence[str] = ()
    """URNs of resources that were being updated, deleted or read."""

    @property
    def is_needed(self) -> bool:
        """True if the plan is not empty."""
        return bool(self.adopt or self.clear or self.reread)


def identify(type_token: str, inputs: Mapping[str, Any]) -> str:
    """Return the provider's ID of an object with these inputs; empty where it does not follow from them.

    For Kubernetes it is ``namespace/name``, or ``name`` of an object without a namespace.
    """
    package, _, kind = (
        type_token.split(_PACKAGE_SEPARATOR, 2) if type_token.count(_PACKAGE_SEPARATOR) == 2 else ("", "", "")
    )
    if package != "kubernetes":
        return ""
    metadata = inputs.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    if not isinstance(metadata, Mapping) or not isinstance(name, str) or not name:
        return ""
    namespace = metadata.get("namespace")
    if isinstance(namespace, str) and namespace:
        return f"{namespace}/{name}"
    return name if kind in _CLUSTER_SCOPED else f"default/{name}"


def plan(deployment: Mapping[str, Any]) -> Plan:
    """Return the plan for a state's ``deployment`` (``checkpoint.latest``)."""
    adopt: list[Adoption] = []
    clear: list[str] = []
    reread: list[str] = []
    for pending in deployment.get("pending_operations") or ():
        resource = pending["resource"]
        urn = str(resource["urn"])
        if pending["type"] != _CREATING:
            reread.append(urn)
        elif identity := identify(str(resource["type"]), resource.get("inputs") or {}):
            adopt.append(Adoption(urn=urn, id=identity))
        else:
            clear.append(urn)
    return Plan(adopt=tuple(adopt), clear=tuple(clear), reread=tuple(reread))


def adopted(deployment: Mapping[str, Any], recovery: Plan) -> dict[str, Any]:
    """Return the deployment with its pending creates as resources that a refresh can read, and nothing pending.

    An adopted resource has no outputs yet. It is last, after all resources that it may depend on. If the state has
    its URN already, because it replaces another object, the old one is marked for deletion.
    """
    identities = {adoption.urn: adoption.id for adoption in recovery.adopt}
    resources: list[dict[str, Any]] = [dict(resource) for resource in deployment.get("resources") or ()]
    for pending in deployment.get("pending_operations") or ():
        resource = dict(pending["resource"])
        urn = resource["urn"]
        if pending["type"] != _CREATING or urn not in identities:
            continue
        adoption = {**resource, "id": identities[urn], "custom": True}
        old = next((index for index, earlier in enumerate(resources) if earlier["urn"] == urn), None)
        if old is None:
            resources.append(adoption)
        elif resources[old].get("id") == adoption["id"] and not resources[old].get("delete"):
            resources[old] = {**adoption, "outputs": resources[old].get("outputs", {})}
        else:
            resources[old] = {**resources[old], "delete": True}
            resources.append(adoption)
    content = {key: value for key, value in deployment.items() if key != "pending_operations"}
    return {**content, "resources": resources}


def present(deployment: Mapping[str, Any], urns: Iterable[str]) -> list[str]:
    """Return those of ``urns`` that the deployment has, because the engine refuses to read other resources."""
    existing = {resource["urn"] for resource in deployment.get("resources") or ()}
    return sorted(existing.intersection(urns))


def read_state(path: Path) -> Mapping[str, Any] | None:
    """Return the checkpoint in a backend's file; None if the file is missing or damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    checkpoint = content.get("checkpoint") if isinstance(content, dict) else None
    return checkpoint if isinstance(checkpoint, dict) else None


def repair(path: Path) -> bool:
    """Replace a damaged state file by the backend's backup. True if that was necessary.

    The damaged file stays beside it. The backup is the state one step earlier: at most one operation is missing, and
    the provider finds that object when it creates it again.
    """
    if not path.exists() or read_state(path) is not None:
        return False
    backup = path.with_name(path.name + ".bak")
    if read_state(backup) is None:
        return False
    files.move(path, path.with_name(path.name + ".damaged"))
    files.write(path, backup.read_bytes(), mode=files.PRIVATE)
    return True


def drop_torn_attributes(folder: Path) -> list[Path]:
    """Remove attributes that a killed engine cut short beside a file of its backend, and return their paths.

    The backend renames its files into place and writes their attributes directly. It reads both, and accepts a file
    without attributes.
    """
    torn = [path for path in sorted(folder.glob("*.attrs")) if not _is_json(path)]
    for path in torn:
        path.unlink()
    return torn


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return True
