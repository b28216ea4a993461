"""The provisioner behind the storage class: a folder per claim. ``python -m pouw.cluster.storage LAYOUT``.

A claim gets its folder and its volume when a pod that uses it is scheduled, and its data is deleted with it. The
requested capacity is not enforced. The process may be killed at any point: names derive from the claim, and each round
starts from the existing objects and folders.
"""

from __future__ import annotations

import logging
import queue
import shutil
import sys
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pouw import poll
from pouw.cluster import api
from pouw.cluster.layout import NODE_NAME, Layout
from pouw.cluster.manifests import PROVISIONER
from pouw.kube.client import MERGE_PATCH, Client, Object
from pouw.kube.errors import ApiError, KubeError, UnreachableError
from pouw.kube.policy import WATCH_INTERVAL_SECONDS
from pouw.kube.watch import BOOKMARK

log = logging.getLogger("pouw.cluster.storage")

CLAIMS = "/api/v1/persistentvolumeclaims"
VOLUMES = "/api/v1/persistentvolumes"
CLASSES = "/apis/storage.k8s.io/v1/storageclasses"
FINALIZER = "pouw.dev/local-volume"
_PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
_REQUESTED_PROVISIONER = "volume.kubernetes.io/storage-provisioner"
_SELECTED_NODE = "volume.kubernetes.io/selected-node"
_WATCH_SECONDS = 300
_RETRY_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Provision:
    """Creation of a folder and a volume for a claim."""

    claim: Object


@dataclass(frozen=True, kw_only=True)
class Reclaim:
    """Deletion of a volume's data, then of the volume."""

    volume: str


@dataclass(frozen=True, kw_only=True)
class Discard:
    """Deletion of a folder without a volume and a claim."""

    folder: str


Action = Provision | Reclaim | Discard


def plan(claims: Sequence[Object], volumes: Sequence[Object], folders: Collection[str]) -> Iterator[Action]:
    """Yield the actions that existing claims, volumes and folders need."""
    provisioned = {volume["metadata"]["name"]: volume for volume in volumes if _is_provisioned(volume)}
    pending = {volume_name(claim): claim for claim in claims if _is_pending(claim)}
    for name, volume in provisioned.items():
        released = volume.get("status", {}).get("phase") == "Released"
        if "deletionTimestamp" in volume["metadata"]:
            if FINALIZER in volume["metadata"].get("finalizers", ()):
                yield Reclaim(volume=name)
        elif released and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
            yield Reclaim(volume=name)
    for name, claim in pending.items():
        if name not in provisioned:
            yield Provision(claim=claim)
    claimed = {volume_name(claim) for claim in claims}
    for folder in folders:
        if folder not in provisioned and folder not in claimed:
            yield Discard(folder=folder)


def volume_name(claim: Object) -> str:
    """Return the name of a claim's volume and folder."""
    return f"pvc-{claim['metadata']['uid']}"


def _is_provisioned(volume: Object) -> bool:
    return bool((volume["metadata"].get("annotations") or {}).get(_PROVISIONED_BY) == PROVISIONER)


def _is_pending(claim: Object) -> bool:
    """True if the volume controller requests a volume of this provisioner on this node."""
    metadata, annotations = claim["metadata"], claim["metadata"].get("annotations") or {}
    return (
        "deletionTimestamp" not in metadata
        and not claim["spec"].get("volumeName")
        and annotations.get(_REQUESTED_PROVISIONER) == PROVISIONER
        and annotations.get(_SELECTED_NODE) == NODE_NAME
    )


def volume(claim: Object, folder: Path, reclaim_policy: str) -> Object:
    """Return the volume of a claim, bound to it by uid. Its kind is ``local``, so that ``fsGroup`` takes effect."""
    metadata, spec = claim["metadata"], claim["spec"]
    term = {"key": "kubernetes.io/hostname", "operator": "In", "values": [NODE_NAME]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": volume_name(claim),
            "annotations": {_PROVISIONED_BY: PROVISIONER},
            "finalizers": [FINALIZER],
        },
        "spec": {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "accessModes": spec["accessModes"],
            "persistentVolumeReclaimPolicy": reclaim_policy,
            "storageClassName": spec.get("storageClassName", ""),
            "volumeMode": "Filesystem",
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": metadata["namespace"],
                "name": metadata["name"],
                "uid": metadata["uid"],
            },
            "local": {"path": str(folder)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [term]}]}},
        },
    }


class Api(Protocol):
    """The requests of the provisioner."""

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Object:
        """Return the object or list at ``path``."""

    def find(self, path: str) -> Object | None:
        """Return the object, or None if it does not exist."""

    def request(self, method: str, path: str, body: object = None, *, content_type: str = "application/json") -> Object:
        """Send any other request."""


class Provisioner:
    """The plan in action, on one API server and one folder."""

    def __init__(self, client: Api, folder: Path) -> None:
        self._client = client
        self._folder = folder

    def settle(self) -> bool:
        """Carry out the current plan. True if every action succeeded."""
        self._folder.mkdir(parents=True, exist_ok=True)
        # Folders come first: a folder that is created after this line belongs to a claim of the later list.
        folders = [path.name for path in self._folder.iterdir()]
        volumes = self._client.get(VOLUMES)["items"]
        claims = self._client.get(CLAIMS)["items"]
        is_complete = True
        for action in plan(claims, volumes, folders):
            try:
                self._act(action)
            except (ApiError, OSError) as error:
                log.warning("%s: %s", type(action).__name__, error)
                is_complete = False
        return is_complete

    def _act(self, action: Action) -> None:
        if isinstance(action, Provision):
            self._provision(action.claim)
        elif isinstance(action, Reclaim):
            self._reclaim(action.volume)
        else:
            log.info("discarding %s", action.folder)
            self._delete_folder(action.folder)

    def _provision(self, claim: Object) -> None:
        name = volume_name(claim)
        class_name = claim["spec"].get("storageClassName", "")
        policy = self._client.get(f"{CLASSES}/{class_name}").get("reclaimPolicy", "Delete")
        if claim["spec"].get("volumeMode", "Filesystem") != "Filesystem":
            log.warning("%s requests a block volume, which this storage class does not support", name)
            return
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        # Pods run as any user. The parent folder keeps other users of the machine out.
        folder.chmod(0o777)
        try:
            self._client.request("POST", VOLUMES, volume(claim, folder, policy))
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise
        log.info("created %s for %s/%s", name, claim["metadata"]["namespace"], claim["metadata"]["name"])

    def _reclaim(self, name: str) -> None:
        self._delete_folder(name)
        path = f"{VOLUMES}/{name}"
        if self._client.find(path) is None:
            return
        self._client.request("DELETE", path)
        remaining = self._client.find(path)
        if remaining is not None:
            finalizers = [
                finalizer for finalizer in remaining["metadata"].get("finalizers", ()) if finalizer != FINALIZER
            ]
            patch = {
                "metadata": {"finalizers": finalizers, "resourceVersion": remaining["metadata"]["resourceVersion"]}
            }
            self._client.request("PATCH", path, patch, content_type=MERGE_PATCH)
        log.info("deleted %s and its data", name)

    def _delete_folder(self, name: str) -> None:
        folder = self._folder / name
        if folder.parent == self._folder and folder.exists():
            shutil.rmtree(folder)


def _follow(client: Client, path: str, changes: queue.SimpleQueue[str]) -> None:
    """Put ``path`` into ``changes`` whenever an object below it changes. A lost watch starts again."""
    for _ in poll.attempts(None, interval_seconds=WATCH_INTERVAL_SECONDS):
        try:
            while True:
                version = client.get(path, {"limit": "1"})["metadata"]["resourceVersion"]
                changes.put(path)
                for event in client.watch(path, {"resourceVersion": version}, seconds=_WATCH_SECONDS):
                    if event.type != BOOKMARK:
                        changes.put(path)
        except KubeError as error:
            log.info("watch of %s: %s", path, error)


def _serve(layout: Layout) -> None:
    changes: queue.SimpleQueue[str] = queue.SimpleQueue()
    for path in (CLAIMS, VOLUMES):
        client = api.connect(layout, "storage")
        threading.Thread(target=_follow, args=(client, path, changes), daemon=True).start()
    provisioner = Provisioner(api.connect(layout, "storage"), layout.volumes)
    while True:
        changes.get()
        while not changes.empty():
            changes.get()
        poll.until(lambda: _settle(provisioner), seconds=None, interval_seconds=_RETRY_SECONDS)


def _settle(provisioner: Provisioner) -> bool:
    """True if nothing is left to do; False if a part of the work failed, or if the API server does not answer."""
    try:
        return provisioner.settle()
    except UnreachableError as error:
        log.info("the API server does not answer: %s", error)
        return False


def main() -> int:
    """Provision volumes until the process is ended."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    _serve(Layout.from_argument(sys.argv[1]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
