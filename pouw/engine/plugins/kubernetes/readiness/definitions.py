"""CustomResourceDefinitions: ready when objects of the new kind can be created."""

from __future__ import annotations

from typing import Final

from pouw.engine.plugins.kubernetes.objects import Object
from pouw.engine.plugins.kubernetes.readiness.status import (
    Awaited,
    Status,
    World,
    condition,
    failed_status,
    ready,
    waiting,
)


def definition_status(definition: Object, _world: World) -> Status:
    """Return the status of a definition: established, with its names accepted."""
    names = condition(definition, "NamesAccepted")
    if names.get("status") == "False":
        return failed_status(f"the names are taken: {names.get('message')}")
    established = condition(definition, "Established").get("status") == "True"
    return ready() if established else waiting("Waiting for the kind to be established")


DEFINITION: Final = Awaited(status=definition_status, seconds=60)
