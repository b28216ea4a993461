"""The provisioner behind the storage class: a folder per claim. ``python -m pouw.cluster.storage HOME``.

A claim gets its folder and its volume when a pod that uses it is scheduled; its data goes with it. The capacity
that is asked for is not enforced. The process may die anywhere: names follow from the claim, and each round starts from
what is there.
"""

from __future__ import annotations

import logging
import queue
import shutil
import sys
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pouw.cluster import api
from pouw.cluster.layout import NETWORK, NODE_NAME, Layout, Network
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
_ASKED_FOR = "volume.kubernetes.io/storage-provisioner"
_SELECTED_NODE = "volume.kubernetes.io/selected-node"
_WATCH_SECONDS = 300
_RETRY_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Provision:
    """Make a folder and a volume for this claim."""

    claim: Object


@dataclass(frozen=True, kw_only=True)
class Reclaim:
    """Delete the data of this volume, then the volume."""

    volume: str


@dataclass(frozen=True, kw_only=True)
class Discard:
    """Delete a folder that belongs to no volume and no claim."""

    folder: str


Action = Provision | Reclaim | Discard


def plan(claims: Sequence[Object], volumes: Sequence[Object], folders: Collection[str]) -> Iterator[Action]:
    """What is to be done, from what there is."""
    ours = {each["metadata"]["name"]: each for each in volumes if _ours(each)}
    pending = {volume_name(each): each for each in claims if _wants_volume(each)}
    for name, volume in ours.items():
        released = volume.get("status", {}).get("phase") == "Released"
        if "deletionTimestamp" in volume["metadata"]:
            if FINALIZER in volume["metadata"].get("finalizers", ()):
                yield Reclaim(volume=name)
        elif released and volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
            yield Reclaim(volume=name)
    for name, claim in pending.items():
        if name not in ours:
            yield Provision(claim=claim)
    living = {volume_name(each) for each in claims}
    for folder in folders:
        if folder not in ours and folder not in living:
            yield Discard(folder=folder)


def volume_name(claim: Object) -> str:
    return f"pvc-{claim['metadata']['uid']}"


def _ours(volume: Object) -> bool:
    return bool((volume["metadata"].get("annotations") or {}).get(_PROVISIONED_BY) == PROVISIONER)


def _wants_volume(claim: Object) -> bool:
    """Unbound, asked of us by the volume controller, and on this node."""
    metadata, notes = claim["metadata"], claim["metadata"].get("annotations") or {}
    return (
        "deletionTimestamp" not in metadata
        and not claim["spec"].get("volumeName")
        and notes.get(_ASKED_FOR) == PROVISIONER
        and notes.get(_SELECTED_NODE) == NODE_NAME
    )


def volume(claim: Object, folder: Path, reclaim_policy: str) -> Object:
    """The volume for ``claim``, bound to it by its uid. Kind ``local``, so that a pod's ``fsGroup`` is honoured."""
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
    """What the provisioner needs of the API server."""

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Object:
        """The object or list at ``path``."""

    def find(self, path: str) -> Object | None:
        """The object, or ``None``."""

    def request(self, method: str, path: str, body: object = None, *, content_type: str = "application/json") -> Object:
        """Any other request."""


class Provisioner:
    """Carries out the plan against one API server and one folder."""

    def __init__(self, client: Api, folder: Path) -> None:
        self._client = client
        self._folder = folder

    def settle(self) -> bool:
        """Do what is to be done now; say whether all of it worked."""
        self._folder.mkdir(parents=True, exist_ok=True)
        # Folders first: one made after this line belongs to a claim that the later list holds.
        folders = [each.name for each in self._folder.iterdir()]
        volumes = self._client.get(VOLUMES)["items"]
        claims = self._client.get(CLAIMS)["items"]
        done = True
        for action in plan(claims, volumes, folders):
            try:
                self._act(action)
            except (ApiError, OSError) as error:
                log.warning("%s: %s", type(action).__name__, error)
                done = False
        return done

    def _act(self, action: Action) -> None:
        if isinstance(action, Provision):
            self._provision(action.claim)
        elif isinstance(action, Reclaim):
            self._reclaim(action.volume)
        else:
            log.info("discards %s", action.folder)
            self._delete_folder(action.folder)

    def _provision(self, claim: Object) -> None:
        name = volume_name(claim)
        class_name = claim["spec"].get("storageClassName", "")
        policy = self._client.get(f"{CLASSES}/{class_name}").get("reclaimPolicy", "Delete")
        if claim["spec"].get("volumeMode", "Filesystem") != "Filesystem":
            log.warning("%s asks for a block volume, which this storage class has not", name)
            return
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        # Pods run under any user; the folder above keeps other users of the machine out.
        folder.chmod(0o777)
        try:
            self._client.request("POST", VOLUMES, volume(claim, folder, policy))
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise
        log.info("made %s for %s/%s", name, claim["metadata"]["namespace"], claim["metadata"]["name"])

    def _reclaim(self, name: str) -> None:
        self._delete_folder(name)
        path = f"{VOLUMES}/{name}"
        if self._client.find(path) is None:
            return
        self._client.request("DELETE", path)
        left = self._client.find(path)
        if left is not None:
            kept = [each for each in left["metadata"].get("finalizers", ()) if each != FINALIZER]
            patch = {"metadata": {"finalizers": kept, "resourceVersion": left["metadata"]["resourceVersion"]}}
            self._client.request("PATCH", path, patch, content_type=MERGE_PATCH)
        log.info("deleted %s and its data", name)

    def _delete_folder(self, name: str) -> None:
        folder = self._folder / name
        if folder.parent == self._folder and folder.exists():
            shutil.rmtree(folder)


def _follow(client: Client, path: str, changed: queue.SimpleQueue[str]) -> None:
    """Put ``path`` into ``changed`` whenever something below it changes; a lost watch starts again."""
    while True:
        try:
            version = client.get(path, {"limit": "1"})["metadata"]["resourceVersion"]
            changed.put(path)
            for event in client.watch(path, {"resourceVersion": version}, seconds=_WATCH_SECONDS):
                if event.type != BOOKMARK:
                    changed.put(path)
        except KubeError as error:
            log.info("watch of %s: %s", path, error)
            time.sleep(WATCH_INTERVAL_SECONDS)


def _serve(layout: Layout, network: Network) -> None:
    changed: queue.SimpleQueue[str] = queue.SimpleQueue()
    for path in (CLAIMS, VOLUMES):
        client = api.connect(layout, network, "storage")
        threading.Thread(target=_follow, args=(client, path, changed), daemon=True).start()
    provisioner = Provisioner(api.connect(layout, network, "storage"), layout.volumes)
    while True:
        changed.get()
        while not changed.empty():
            changed.get()
        try:
            done = provisioner.settle()
        except UnreachableError as error:
            log.info("the API server does not answer: %s", error)
            done = False
        if not done:
            time.sleep(_RETRY_SECONDS)
            changed.put("retry")


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    layout = Layout(home=Path(sys.argv[1]))
    _serve(layout, NETWORK)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
