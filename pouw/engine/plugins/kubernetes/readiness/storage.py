"""PersistentVolumeClaims and PersistentVolumes: bound, or as far as they get before a pod comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pouw.engine.plugins.kubernetes.objects import Gvk, Object, annotated_true, at, name_of
from pouw.engine.plugins.kubernetes.readiness.pods import WARNINGS, event_troubles
from pouw.engine.plugins.kubernetes.readiness.status import Awaited, Collection, Status, World, failed, ready, waiting

_STORAGE_CLASS: Final = Gvk(group="storage.k8s.io", version="v1", kind="StorageClass")
_DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"


def claim_status(claim: Object, world: World) -> Status:
    """A claim whose class binds at its first consumer is ready while it waits for one: nobody else can come before."""
    phase = at(claim, "status", "phase")
    if phase == "Bound":
        return ready()
    if phase == "Lost":
        return failed(f"PersistentVolumeClaim {name_of(claim)} lost its volume")
    storage_class = _class_of(claim, world.get("StorageClass") or ())
    if phase == "Pending" and storage_class and storage_class.get("volumeBindingMode") == "WaitForFirstConsumer":
        return ready("bound when the first Pod uses it")
    return waiting("Waiting for the PersistentVolumeClaim to be bound", event_troubles(world, [claim]))


def _class_of(claim: Object, classes: Sequence[Object]) -> Object | None:
    name = at(claim, "spec", "storageClassName")
    for one in classes:
        if name_of(one) == name or (name is None and annotated_true(one, _DEFAULT_CLASS)):
            return one
    return None


def volume_status(volume: Object, _world: World) -> Status:
    """Available or bound."""
    phase = at(volume, "status", "phase")
    if phase == "Failed":
        return failed(f"PersistentVolume {name_of(volume)} failed: {at(volume, 'status', 'message')}")
    done = phase in ("Available", "Bound", "Released")
    return ready() if done else waiting("Waiting for the PersistentVolume to be available")


CLAIM: Final = Awaited(
    status=claim_status, related=lambda _claim: [Collection(gvk=_STORAGE_CLASS), WARNINGS], seconds=300
)
VOLUME: Final = Awaited(status=volume_status, seconds=300)
