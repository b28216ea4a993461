"""The state that a create would leave: from the server's dry run, or from the inputs without a cluster."""

from __future__ import annotations

from typing import Final

from pouw.engine.plugins.core.properties import UNKNOWN, Value
from pouw.engine.plugins.kubernetes.objects import Object, gvk_of, replaced, value_at, without

_ONLY_REAL: Final = ("uid", "creationTimestamp", "resourceVersion", "generation")
"""Metadata that a dry run invents. The real object has other values."""


def of_inputs(inputs: Object) -> dict[str, Value]:
    """Return the inputs as a preview. Values that only the server can choose are unknown."""
    return _with_unknowns(inputs, inputs)


def of_dry_run(inputs: Object, answer: Object) -> dict[str, Value]:
    """Return the answer to a dry run as a preview. Values that a real run chooses again are unknown."""
    return _with_unknowns(inputs, without(answer, ("status",), ("metadata", "managedFields")))


def _with_unknowns(inputs: Object, preview: Object) -> dict[str, Value]:
    object_metadata = preview.get("metadata")
    if isinstance(object_metadata, dict):
        preview = {**preview, "metadata": {**object_metadata, **dict.fromkeys(_ONLY_REAL, UNKNOWN)}}
    gvk = gvk_of(inputs)
    if not gvk.group and gvk.kind == "Service" and isinstance(preview.get("spec"), dict):
        for field in ("clusterIP", "clusterIPs"):
            if value_at(inputs, "spec", "clusterIP") is None and value_at(inputs, "spec", "type") != "ExternalName":
                preview = replaced(preview, ("spec", field), UNKNOWN)
    return preview
