"""What a create would leave, told before it happens: by the server's dry run, or by the inputs where there is none."""

from __future__ import annotations

from typing import Final

from pouw.engine.plugins.core.properties import UNKNOWN, Value
from pouw.engine.plugins.kubernetes.objects import Object, at, gvk_of, replaced, without

_ONLY_REAL: Final = ("uid", "creationTimestamp", "resourceVersion", "generation")
"""Metadata that a dry run makes up: the real object will have other values."""


def of_inputs(inputs: Object) -> dict[str, Value]:
    """Without a cluster: the inputs, with what only the server can say unknown."""
    return _with_unknowns(inputs, inputs)


def of_dry_run(inputs: Object, answer: Object) -> dict[str, Value]:
    """The server's answer to a dry-run create, with what a real run would choose anew unknown."""
    return _with_unknowns(inputs, without(answer, ("status",), ("metadata", "managedFields")))


def _with_unknowns(inputs: Object, shown: Object) -> dict[str, Value]:
    about = shown.get("metadata")
    if isinstance(about, dict):
        shown = {**shown, "metadata": {**about, **dict.fromkeys(_ONLY_REAL, UNKNOWN)}}
    gvk = gvk_of(inputs)
    if not gvk.group and gvk.kind == "Service" and isinstance(shown.get("spec"), dict):
        for field in ("clusterIP", "clusterIPs"):
            if at(inputs, "spec", "clusterIP") is None and at(inputs, "spec", "type") != "ExternalName":
                shown = replaced(shown, ("spec", field), UNKNOWN)
    return shown
