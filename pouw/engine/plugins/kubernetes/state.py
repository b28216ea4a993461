"""A resource's state: the live object, what was asked for, and who applies it. The shape is the official provider's."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pouw.engine.plugins.core.properties import Secret, Value, has_secret, plain
from pouw.engine.plugins.kubernetes.normalization import dashed, underscored
from pouw.engine.plugins.kubernetes.objects import LAST_APPLIED, PATCH_FIELD_MANAGER, Object, annotation

INPUTS: Final = "__inputs"
INITIAL_API_VERSION: Final = "__initialApiVersion"
FIELD_MANAGER: Final = "__fieldManager"
SHARED_MANAGER: Final = "pulumi-kubernetes"
"""The manager of what a create set, until the first update; the same for every resource."""


@dataclass(frozen=True, kw_only=True)
class State:
    """A resource's state, taken apart and laid open."""

    inputs: Object
    live: Object
    field_manager: str
    initial_api_version: str
    asked: Value
    """The inputs with their secrets marked."""


def parse_state(values: Mapping[str, Value]) -> State:
    """The state that a Create or an Update of ours, or of the official provider, left."""
    live: Object = dashed(plain(dict(values)))
    inputs = live.pop(INPUTS, None)
    manager = live.pop(FIELD_MANAGER, "")
    initial = live.pop(INITIAL_API_VERSION, "")
    return State(
        inputs=inputs if isinstance(inputs, dict) else {},
        live=live,
        field_manager=manager if isinstance(manager, str) else "",
        initial_api_version=initial if isinstance(initial, str) else "",
        asked=values.get(INPUTS) or {},
    )


def make_state(
    *, inputs: Object, live: Object, asked: Value, field_manager: str, initial_api_version: str
) -> dict[str, Value]:
    """The state to keep. ``asked`` are the inputs with their secrets marked: what is secret there is secret here."""
    return {
        **with_secrets(underscored(live), asked),
        INPUTS: with_secrets(underscored(inputs), asked),
        INITIAL_API_VERSION: initial_api_version,
        FIELD_MANAGER: field_manager,
    }


def with_secrets(values: Object, asked: Value) -> dict[str, Value]:
    """``values`` with everything marked that is secret in ``asked``, or secret by nature.

    Objects are followed; a list that holds a secret anywhere is secret as a whole, because a server may reorder it.
    """
    marked = _marked(values, asked)
    if values.get("kind") == "Secret":
        for key in ("data", "stringData"):
            if key in marked and not isinstance(marked[key], Secret):
                marked[key] = Secret(plain(marked[key]))
        _seal_last_applied(marked)
    return marked


def _marked(values: Object, asked: Value) -> dict[str, Value]:
    result: dict[str, Value] = dict(values)
    if isinstance(asked, Secret):
        return {key: Secret(value) for key, value in values.items()}
    if not isinstance(asked, Mapping):
        return result
    for key, wanted in asked.items():
        value = values.get(key)
        if value is None:
            continue
        if isinstance(value, dict) and isinstance(wanted, Mapping):
            result[key] = _marked(value, wanted)
        elif has_secret(wanted):
            result[key] = Secret(value)
    return result


def _seal_last_applied(marked: dict[str, Value]) -> None:
    """kubectl's annotation on a Secret repeats its data."""
    about = marked.get("metadata")
    annotations = about.get("annotations") if isinstance(about, dict) else None
    if isinstance(about, dict) and isinstance(annotations, dict) and LAST_APPLIED in annotations:
        sealed = {**annotations, LAST_APPLIED: Secret(annotations[LAST_APPLIED])}
        marked["metadata"] = {**about, "annotations": sealed}


def own_manager(urn: str) -> str:
    """The field manager of one resource. It is made from the resource's name, so that an object whose creation was
    cut off can be told from a stranger's (see ``managers``).
    """
    return f"{SHARED_MANAGER}-{hashlib.sha256(urn.encode()).hexdigest()[:8]}"


def manager_of(inputs: Object, known: str, urn: str, *, server_side: bool) -> str:
    """Who applies: the annotation's choice, else the state's, else our own name for the resource."""
    if not server_side:
        return SHARED_MANAGER
    return annotation(inputs, PATCH_FIELD_MANAGER) or known or own_manager(urn)
