"""After a run that was killed: what its state says, and what has to be done before the next one may begin.

The engine writes an operation down before it starts it. Killed in between, the state holds *pending* operations:

- a pending create may or may not have made its object. Where the object's identity follows from its inputs, the
  resource is adopted under that identity and read: what exists stays and is ours, what does not is dropped. Where it
  does not follow, nobody can find the object again, and the operation is only cleared.
- a pending update or delete concerns a resource that the state has already: reading it again is enough.

Everything here is decided from the state's text alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
    """What a state needs. Nothing, usually."""

    adopt: Sequence[Adoption] = ()
    clear: Sequence[str] = ()
    """URNs of pending creates whose objects nobody can identify."""
    reread: Sequence[str] = ()
    """URNs of resources that were being updated, deleted or read."""

    @property
    def needed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.adopt or self.clear or self.reread)


def identify(type_token: str, inputs: Mapping[str, Any]) -> str:
    """The provider's ID of an object with these inputs, or empty where inputs do not tell.

    Kubernetes: ``namespace/name``, or ``name`` of what belongs to no namespace.
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
    """The plan for a state's ``deployment`` (``checkpoint.latest``)."""
    adopt: list[Adoption] = []
    clear: list[str] = []
    reread: list[str] = []
    for pending in deployment.get("pending_operations") or ():
        resource = pending["resource"]
        urn = str(resource["urn"])
        if pending["type"] != _CREATING:
            reread.append(urn)
        elif found := identify(str(resource["type"]), resource.get("inputs") or {}):
            adopt.append(Adoption(urn=urn, id=found))
        else:
            clear.append(urn)
    return Plan(adopt=tuple(adopt), clear=tuple(clear), reread=tuple(reread))


def adopted(deployment: Mapping[str, Any], agreed: Plan) -> dict[str, Any]:
    """The deployment with its pending creates turned into resources that a refresh can read, and nothing pending.

    An adopted resource has no outputs yet. It stands last, behind all that it may depend on. Where the state already
    has its URN (it was to replace another object), the old one is marked as still to be deleted.
    """
    identities = {one.urn: one.id for one in agreed.adopt}
    resources: list[dict[str, Any]] = [dict(one) for one in deployment.get("resources") or ()]
    for pending in deployment.get("pending_operations") or ():
        resource = dict(pending["resource"])
        urn = resource["urn"]
        if pending["type"] != _CREATING or urn not in identities:
            continue
        made = {**resource, "id": identities[urn], "custom": True}
        old = next((index for index, one in enumerate(resources) if one["urn"] == urn), None)
        if old is None:
            resources.append(made)
        elif resources[old].get("id") == made["id"] and not resources[old].get("delete"):
            resources[old] = {**made, "outputs": resources[old].get("outputs", {})}
        else:
            resources[old] = {**resources[old], "delete": True}
            resources.append(made)
    rest = {key: value for key, value in deployment.items() if key != "pending_operations"}
    return {**rest, "resources": resources}


def present(deployment: Mapping[str, Any], urns: Iterable[str]) -> list[str]:
    """Those of ``urns`` that the deployment has: the engine refuses to read what it does not know."""
    known = {one["urn"] for one in deployment.get("resources") or ()}
    return sorted(known.intersection(urns))


def read_state(path: Path) -> Mapping[str, Any] | None:
    """The checkpoint in a backend's file; none if the file is not there or is damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    checkpoint = content.get("checkpoint") if isinstance(content, dict) else None
    return checkpoint if isinstance(checkpoint, dict) else None


def repair(path: Path) -> bool:
    """Put the backend's own backup in the place of a damaged state file; whether that was needed.

    The damaged file is kept beside it. The backup is the state one step earlier: at worst one operation is not in it,
    and the provider finds that object when it is made again.
    """
    if not path.exists() or read_state(path) is not None:
        return False
    backup = path.with_name(path.name + ".bak")
    if read_state(backup) is None:
        return False
    path.replace(path.with_name(path.name + ".damaged"))
    made = path.with_name(path.name + ".repaired")
    made.write_bytes(backup.read_bytes())
    made.replace(path)
    return True


def drop_torn_attributes(folder: Path) -> list[Path]:
    """Remove the attributes that a killed engine was writing beside a file of its backend; which they were.

    The backend renames its files into place and writes their attributes directly. It reads both, and takes a file
    without any as it is.
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
