"""Inputs in the one form that compares with what the API server answers.

The server spells quantities its own way, keeps a Secret's ``stringData`` as base64 ``data`` and owns some metadata;
inputs that mean the same must look the same, or every preview would show a change.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

from infra.quantities import canonical
from pouw.engine.plugins.core.properties import Value, has_unknown
from pouw.engine.plugins.kubernetes.objects import Gvk, Object, gvk_of, replaced, without

_SERVER_METADATA: Final = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
)
_QUANTITY_MAPS: Final = frozenset(
    {
        "limits",
        "requests",
        "capacity",
        "allocatable",
        "hard",
        "podFixed",
        "default",
        "defaultRequest",
        "min",
        "max",
        "maxLimitRequestRatio",
    }
)
"""Objects whose every value is a quantity."""
_QUANTITIES: Final = frozenset({"sizeLimit", "averageValue", "divisor"})
_QUANTITY_KINDS: Final = frozenset(
    {
        "CronJob",
        "DaemonSet",
        "Deployment",
        "HorizontalPodAutoscaler",
        "Job",
        "LimitRange",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "Pod",
        "PodTemplate",
        "ReplicaSet",
        "ReplicationController",
        "ResourceQuota",
        "RuntimeClass",
        "StatefulSet",
    }
)
DASHED: Final = {
    f"x_kubernetes_{name}": f"x-kubernetes-{name.replace('_', '-')}"
    for name in (
        "embedded_resource",
        "int_or_string",
        "list_map_keys",
        "list_type",
        "map_type",
        "preserve_unknown_fields",
        "validations",
    )
}
"""Schema extensions as the SDKs must spell them, and as the server does."""
_UNDERSCORED: Final = {dashed: underscored for underscored, dashed in DASHED.items()}


def normal_inputs(inputs: Object) -> Object:
    """Return the normal form of plain inputs. Inputs with unknowns lose only the metadata that the server owns."""
    inputs = without(inputs, *(("metadata", field) for field in _SERVER_METADATA))
    gvk = gvk_of(inputs)
    if has_unknown(inputs):
        return inputs
    if gvk.is_secret:
        return _normal_secret(inputs)
    if gvk.is_crd:
        spec = inputs.get("spec")
        settled = isinstance(spec, dict) and spec.get("preserveUnknownFields") is False
        return without(inputs, ("status",), *([("spec", "preserveUnknownFields")] if settled else []))
    return _with_quantities(inputs) if _has_quantities(gvk) else inputs


def _has_quantities(gvk: Gvk) -> bool:
    return not gvk.is_custom and gvk.kind in _QUANTITY_KINDS


def _normal_secret(inputs: Object) -> Object:
    texts, data = inputs.get("stringData"), inputs.get("data")
    if isinstance(texts, dict) and texts and all(isinstance(text, str) for text in texts.values()):
        encoded = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
        return without(replaced(inputs, ("data",), {**(data or {}), **encoded}), ("stringData",))
    if isinstance(data, dict):
        return replaced(inputs, ("data",), {key: _recoded(text) for key, text in data.items()})
    return inputs


def _recoded(text: Value) -> Value:
    if not isinstance(text, str):
        return text
    try:
        return base64.b64encode(base64.b64decode("".join(text.split()), validate=True)).decode()
    except (binascii.Error, ValueError):
        return text


def _with_quantities(value: Value) -> Any:
    if isinstance(value, list):
        return [_with_quantities(item) for item in value]
    if not isinstance(value, dict):
        return value
    result: Object = {}
    for key, item in value.items():
        if key in _QUANTITY_MAPS and isinstance(item, dict):
            result[key] = {name: _quantity(amount) for name, amount in item.items()}
        elif key in _QUANTITIES or (key == "value" and "type" in value):
            # `value` beside a `type` is a metric's target; elsewhere it is any text (an environment variable's, say).
            result[key] = _quantity(item) if key in _QUANTITIES or value["type"] == "Value" else item
        elif key in ("metadata", "selector", "matchLabels", "annotations", "labels", "data"):
            result[key] = item
        else:
            result[key] = _with_quantities(item)
    return result


def _quantity(amount: Value) -> Value:
    return canonical(amount) if isinstance(amount, str | int | float) and not isinstance(amount, bool) else amount


def dashed(value: Value) -> Any:
    """Schema extensions in the server's spelling: what is sent."""
    return _renamed(value, DASHED)


def underscored(value: Value) -> Any:
    """Schema extensions in the SDKs' spelling: what the state and programs see."""
    return _renamed(value, _UNDERSCORED)


def _renamed(value: Value, names: dict[str, str]) -> Value:
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(item, names) for key, item in value.items()}
    return value


def pruned(live: Value, shape: Value) -> Any:
    """Return the values of ``live`` at the properties of ``shape``, without additions of the server."""
    if isinstance(live, dict) and isinstance(shape, dict):
        return {key: pruned(value, shape[key]) for key, value in live.items() if shape.get(key) is not None}
    if isinstance(live, list) and isinstance(shape, list):
        return [pruned(value, wanted) for value, wanted in zip(live, shape, strict=False)]
    return live
