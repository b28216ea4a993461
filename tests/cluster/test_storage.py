"""The volume provisioner: its plan, and the plan on an API server in memory."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path

import pytest

from pouw.cluster import storage
from pouw.cluster.manifests import PROVISIONER
from pouw.cluster.storage import Discard, Provision, Provisioner, Reclaim, plan
from pouw.kube.client import Object
from pouw.kube.errors import ApiError

CLAIM: Object = {
    "metadata": {
        "name": "data",
        "namespace": "team",
        "uid": "u1",
        "annotations": {
            "volume.kubernetes.io/storage-provisioner": PROVISIONER,
            "volume.kubernetes.io/selected-node": "pouw-local",
        },
    },
    "spec": {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": "standard",
    },
}
VOLUME = storage.volume(CLAIM, Path("/volumes/pvc-u1"), "Delete")


def change(base: Object, *path: str, to: object) -> Object:
    document = copy.deepcopy(base)
    parent = document
    for key in path[:-1]:
        parent = parent.setdefault(key, {})
    parent[path[-1]] = to
    return document


class InMemoryApi:
    """Volumes and claims in a dictionary; deletes as the API server does, after the last finalizer."""

    def __init__(self, *claims: Object) -> None:
        self.claims = list(claims)
        self.volumes: dict[str, Object] = {}

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Object:
        del query
        if path.startswith(storage.CLASSES):
            return {"reclaimPolicy": "Delete"}
        return {"items": self.claims if path == storage.CLAIMS else list(self.volumes.values())}

    def find(self, path: str) -> Object | None:
        return self.volumes.get(path.rpartition("/")[2])

    def request(self, method: str, path: str, body: object = None, *, content_type: str = "application/json") -> Object:
        document: Object = copy.deepcopy(body) if isinstance(body, dict) else {}
        name = path.rpartition("/")[2]
        assert method != "PATCH" or content_type == "application/merge-patch+json"
        if method == "POST":
            created = document
            if created["metadata"]["name"] in self.volumes:
                raise ApiError(409, "AlreadyExists", "there is one")
            created["metadata"]["resourceVersion"] = "1"
            self.volumes[created["metadata"]["name"]] = created
        elif method == "DELETE":
            self.volumes[name]["metadata"]["deletionTimestamp"] = "now"
        elif method == "PATCH":
            self.volumes[name]["metadata"]["finalizers"] = document["metadata"]["finalizers"]
            if not self.volumes[name]["metadata"]["finalizers"]:
                del self.volumes[name]
        return {}


def test_a_claim_whose_pod_is_scheduled_here_gets_a_volume() -> None:
    assert list(plan([CLAIM], [], [])) == [Provision(claim=CLAIM)]


@pytest.mark.parametrize(
    "claim",
    [
        change(CLAIM, "spec", "volumeName", to="other"),
        change(CLAIM, "metadata", "deletionTimestamp", to="now"),
        change(CLAIM, "metadata", "annotations", "volume.kubernetes.io/storage-provisioner", to="other"),
        change(CLAIM, "metadata", "annotations", "volume.kubernetes.io/selected-node", to="other"),
        change(CLAIM, "metadata", "annotations", to=None),
    ],
    ids=["bound", "being deleted", "another provisioner's", "another node's", "without a pod"],
)
def test_a_claim_that_is_not_ours_to_serve_is_left_alone(claim: Object) -> None:
    assert list(plan([claim], [], [])) == []


def test_a_claim_that_has_its_volume_gets_no_second_one() -> None:
    assert list(plan([CLAIM], [VOLUME], ["pvc-u1"])) == []


def test_a_volume_whose_claim_was_deleted_is_reclaimed() -> None:
    assert list(plan([], [change(VOLUME, "status", to={"phase": "Released"})], ["pvc-u1"])) == [
        Reclaim(volume="pvc-u1")
    ]


def test_a_volume_to_retain_keeps_its_data() -> None:
    retained = change(VOLUME, "spec", "persistentVolumeReclaimPolicy", to="Retain")
    assert list(plan([], [change(retained, "status", to={"phase": "Released"})], ["pvc-u1"])) == []


def test_deleting_a_volume_by_hand_deletes_its_data() -> None:
    deleted = change(VOLUME, "metadata", "deletionTimestamp", to="now")
    assert list(plan([], [deleted], ["pvc-u1"])) == [Reclaim(volume="pvc-u1")]


def test_a_volume_of_another_provisioner_is_never_touched() -> None:
    foreign = change(VOLUME, "metadata", "annotations", to={})
    assert list(plan([], [change(foreign, "status", to={"phase": "Released"})], [])) == []


def test_a_folder_without_volume_is_discarded_after_its_claim() -> None:
    assert list(plan([], [], ["pvc-u1"])) == [Discard(folder="pvc-u1")]
    assert list(plan([change(CLAIM, "metadata", "annotations", to={})], [], ["pvc-u1"])) == []


def test_a_claims_life_leaves_neither_volume_nor_data(tmp_path: Path) -> None:
    api = InMemoryApi(CLAIM)
    provisioner = Provisioner(api, tmp_path)
    assert provisioner.settle()
    assert provisioner.settle()
    folder = Path(api.volumes["pvc-u1"]["spec"]["local"]["path"])
    (folder / "chain.db").write_text("blocks")
    api.claims.clear()
    api.volumes["pvc-u1"]["status"] = {"phase": "Released"}
    assert provisioner.settle()
    assert api.volumes == {}
    assert not folder.exists()


def test_provisioning_goes_on_where_a_kill_left_it(tmp_path: Path) -> None:
    (tmp_path / "pvc-u1").mkdir()
    (tmp_path / "pvc-u1" / "retained").touch()
    api = InMemoryApi(CLAIM)
    assert Provisioner(api, tmp_path).settle()
    assert (tmp_path / "pvc-u1" / "retained").exists()
    assert list(api.volumes) == ["pvc-u1"]
