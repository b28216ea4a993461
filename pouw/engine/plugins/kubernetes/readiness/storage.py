"""PersistentVolumeClaims and PersistentVolumes: bound, or as far as they get before their first pod."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pouw.engine.plugins.kubernetes.objects import Gvk, Object, annotated_true, name_of, value_at
from pouw.engine.plugins.kubernetes.readiness.pods import WARNINGS, event_troubles
from pouw.engine.plugins.kubernetes.readiness.status import (
    Awaited,
    Collection,
    Status,
    World,
    failed_status,
    ready,
    waiting,
)

_STORAGE_CLASS: Final = Gvk(group="storage.k8s.io", version="v1", kind="StorageClass")
_DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"


def claim_status(claim: Object, world: World) -> Status:
    """Return the status of a claim. One whose class binds at the first consumer is ready while it waits for that."""
    phase = value_at(claim, "status", "phase")
    if phase == "Bound":
        return ready()
    if phase == "Lost":
        return failed_status(f"PersistentVolumeClaim {name_of(claim)} lost its volume")
    storage_class = _class_of(claim, world.get("StorageClass") or ())
    if phase == "Pending" and storage_class and storage_class.get("volumeBindingMode") == "WaitForFirstConsumer":
        return ready("bound when the first Pod uses it")
    return waiting("Waiting for the PersistentVolumeClaim to be bound", event_troubles(world, [claim]))


def _class_of(claim: Object, classes: Sequence[Object]) -> Object | None:
    name = value_at(claim, "spec", "storageClassName")
    for storage_class in classes:
        if name_of(storage_class) == name or (name is None and annotated_true(storage_class, _DEFAULT_CLASS)):
            return storage_class
    return None


def volume_status(volume: Object, _world: World) -> Status:
    """Return the status of a volume: available or bound."""
    phase = value_at(volume, "status", "phase")
    if phase == "Failed":
        return failed_status(f"PersistentVolume {name_of(volume)} failed: {value_at(volume, 'status', 'message')}")
    is_done = phase in ("Available", "Bound", "Released")
    return ready() if is_done else waiting("Waiting for the PersistentVolume to be available")


CLAIM: Final = Awaited(
    status=claim_status, related=lambda _claim: [Collection(gvk=_STORAGE_CLASS), WARNINGS], seconds=300
)
VOLUME: Final = Awaited(status=volume_status, seconds=300)
