"""A resource's state: the live object, its inputs and its field manager, in the official provider's format."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pouw.engine.plugins.core.properties import Secret, Value, has_secret, revealed
from pouw.engine.plugins.kubernetes.normalization import dashed, underscored
from pouw.engine.plugins.kubernetes.objects import LAST_APPLIED, PATCH_FIELD_MANAGER, Object, annotation

INPUTS: Final = "__inputs"
INITIAL_API_VERSION: Final = "__initialApiVersion"
FIELD_MANAGER: Final = "__fieldManager"
SHARED_MANAGER: Final = "pulumi-kubernetes"
"""Manager of the fields of a create until the first update, for every resource."""


@dataclass(frozen=True, kw_only=True)
class State:
    """The parts of a resource's state, without secrets."""

    inputs: Object
    live: Object
    field_manager: str
    initial_api_version: str
    properties: Value
    """The inputs with their secrets marked."""


def parse_state(values: Mapping[str, Value]) -> State:
    """Return the state that a create or an update of this or of the official provider left."""
    live: Object = dashed(revealed(dict(values)))
    inputs = live.pop(INPUTS, None)
    manager = live.pop(FIELD_MANAGER, "")
    initial = live.pop(INITIAL_API_VERSION, "")
    return State(
        inputs=inputs if isinstance(inputs, dict) else {},
        live=live,
        field_manager=manager if isinstance(manager, str) else "",
        initial_api_version=initial if isinstance(initial, str) else "",
        properties=values.get(INPUTS) or {},
    )


def make_state(
    *, inputs: Object, live: Object, properties: Value, field_manager: str, initial_api_version: str
) -> dict[str, Value]:
    """Return the state of a resource. Secrets among the inputs in ``properties`` are secrets in it."""
    return {
        **with_secrets(underscored(live), properties),
        INPUTS: with_secrets(underscored(inputs), properties),
        INITIAL_API_VERSION: initial_api_version,
        FIELD_MANAGER: field_manager,
    }


def with_secrets(values: Object, properties: Value) -> dict[str, Value]:
    """Return ``values`` with every value marked that is a secret in ``properties``, or always secret.

    A list that holds a secret is secret as a whole, because a server may reorder it.
    """
    values_with_secrets = _mark_secrets(values, properties)
    if values.get("kind") == "Secret":
        for key in ("data", "stringData"):
            if key in values_with_secrets and not isinstance(values_with_secrets[key], Secret):
                values_with_secrets[key] = Secret(revealed(values_with_secrets[key]))
        _seal_last_applied(values_with_secrets)
    return values_with_secrets


def _mark_secrets(values: Object, properties: Value) -> dict[str, Value]:
    result: dict[str, Value] = dict(values)
    if isinstance(properties, Secret):
        return {key: Secret(value) for key, value in values.items()}
    if not isinstance(properties, Mapping):
        return result
    for key, property_value in properties.items():
        value = values.get(key)
        if value is None:
            continue
        if isinstance(value, dict) and isinstance(property_value, Mapping):
            result[key] = _mark_secrets(value, property_value)
        elif has_secret(property_value):
            result[key] = Secret(value)
    return result


def _seal_last_applied(values_with_secrets: dict[str, Value]) -> None:
    """Mark kubectl's annotation on a Secret, because it repeats the data."""
    object_metadata = values_with_secrets.get("metadata")
    annotations = object_metadata.get("annotations") if isinstance(object_metadata, dict) else None
    if isinstance(object_metadata, dict) and isinstance(annotations, dict) and LAST_APPLIED in annotations:
        sealed = {**annotations, LAST_APPLIED: Secret(annotations[LAST_APPLIED])}
        values_with_secrets["metadata"] = {**object_metadata, "annotations": sealed}


def own_manager(urn: str) -> str:
    """Return the field manager of one resource, derived from its URN.

    It identifies an object whose creation was interrupted (see ``field_managers``).
    """
    return f"{SHARED_MANAGER}-{hashlib.sha256(urn.encode()).hexdigest()[:8]}"


def manager_of(inputs: Object, previous: str, urn: str, *, server_side: bool) -> str:
    """Return the field manager: the annotation's, else the state's, else the resource's own."""
    if not server_side:
        return SHARED_MANAGER
    return annotation(inputs, PATCH_FIELD_MANAGER) or previous or own_manager(urn)
