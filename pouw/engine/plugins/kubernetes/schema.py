"""Checks of inputs against the API server's OpenAPI v3 documents: unknown fields, missing fields, wrong types.

Documents are fetched once per group and version. Inputs that a schema does not describe are accepted, because the
server checks them again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.faults import Fault, choices
from pouw.engine.plugins.core.changes import Path, path_text
from pouw.engine.plugins.core.input_faults import mismatch
from pouw.engine.plugins.core.properties import UNKNOWN, Secret, Value
from pouw.engine.plugins.core.validation import quoted, required, unknown_field
from pouw.engine.plugins.kubernetes.objects import Gvk
from pouw.kube.client import Client
from pouw.kube.errors import ApiError

Schema = Mapping[str, Any]

_REFERENCE: Final = "#/components/schemas/"
_TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
_FREE: Final = "x-kubernetes-preserve-unknown-fields"


class Schemas:
    """The schemas of one API server, for any number of threads."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._paths: Mapping[str, Any] | None = None
        self._documents: dict[str, Mapping[str, Schema]] = {}

    def faults(self, gvk: Gvk, inputs: Mapping[str, Value]) -> list[Fault]:
        """Return every fault of inputs; none where the server has no schema for the kind."""
        components = self._components(gvk)
        schema = _schema_of(components, gvk)
        return [] if schema is None else list(faults(inputs, schema, components))

    def forget(self) -> None:
        """Request the documents again, because a CustomResourceDefinition was created, changed or deleted."""
        with self._lock:
            self._paths = None
            self._documents = {}

    def _components(self, gvk: Gvk) -> Mapping[str, Schema]:
        root = f"apis/{gvk.api_version}" if gvk.group else f"api/{gvk.version}"
        with self._lock:
            if root not in self._documents:
                if self._paths is None or root not in self._paths:
                    self._paths = self._client.get("/openapi/v3").get("paths") or {}
                entry = self._paths.get(root)
                if entry is None:
                    return {}
                self._documents[root] = self._fetch(str(entry["serverRelativeURL"]))
            return self._documents[root]

    def _fetch(self, path: str) -> Mapping[str, Schema]:
        try:
            document = self._client.get(path)
        except ApiError as error:
            if error.not_found:
                return {}
            raise
        schemas: Mapping[str, Schema] = (document.get("components") or {}).get("schemas") or {}
        return schemas


def _schema_of(components: Mapping[str, Schema], gvk: Gvk) -> Schema | None:
    identity = {"group": gvk.group, "version": gvk.version, "kind": gvk.kind}
    for schema in components.values():
        if identity in (schema.get("x-kubernetes-group-version-kind") or []):
            return schema
    return None


def faults(value: Value, schema: Schema, components: Mapping[str, Schema], path: Path = ()) -> Iterator[Fault]:
    """Yield the faults of a value. Values below a secret are checked and never quoted."""
    yield from _faults(value, schema, components, path, secret=False)


def _faults(
    value: Value, schema: Schema, components: Mapping[str, Schema], path: Path, *, secret: bool
) -> Iterator[Fault]:
    if isinstance(value, Secret):
        value, secret = value.value, True
    schema = _resolved(schema, components)
    if value is UNKNOWN or value is None or not schema or schema.get("x-kubernetes-int-or-string"):
        return
    if "oneOf" in schema or "anyOf" in schema:
        yield from _alternatives(value, schema, path, secret=secret)
        return
    kind = schema.get("type")
    if isinstance(kind, str) and kind in _TYPES and not _fits(value, kind):
        yield mismatch(path_text(path), _expectation(kind, schema), got=quoted(value, secret=secret))
    elif isinstance(value, dict):
        yield from _object_faults(value, schema, components, path, secret=secret)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _faults(item, schema.get("items") or {}, components, (*path, index), secret=secret)
    elif isinstance(value, str) and value not in (schema.get("enum") or [value]):
        permitted = choices((one for one in schema["enum"] if one != ""), "" if secret else value)
        yield mismatch(path_text(path), f"one of {permitted}", got=quoted(value, secret=secret))


def _alternatives(value: Value, schema: Schema, path: Path, *, secret: bool) -> Iterator[Fault]:
    kinds = [one.get("type") for one in schema.get("oneOf") or schema.get("anyOf") or []]
    if all(kind in _TYPES for kind in kinds) and not any(_fits(value, kind) for kind in kinds):
        yield mismatch(path_text(path), " or ".join(kinds), got=quoted(value, secret=secret))


def _object_faults(
    value: dict[str, Value], schema: Schema, components: Mapping[str, Schema], path: Path, *, secret: bool
) -> Iterator[Fault]:
    properties = schema.get("properties")
    additional = schema.get("additionalProperties")
    for name in schema.get("required") or []:
        if value.get(name) is None:
            yield required(path_text((*path, name)))
    for name, item in value.items():
        if isinstance(properties, Mapping) and name in properties:
            yield from _faults(item, properties[name], components, (*path, name), secret=secret)
        elif isinstance(additional, Mapping):
            yield from _faults(item, additional, components, (*path, name), secret=secret)
        elif isinstance(properties, Mapping) and not additional and not schema.get(_FREE):
            yield unknown_field(path_text((*path, name)), name, list(properties))


def _resolved(schema: Schema, components: Mapping[str, Schema]) -> Schema:
    """Follow references. A property is a reference alone, or wrapped into ``allOf`` beside its description."""
    while True:
        wrapped = schema.get("allOf")
        target = schema.get("$ref") or (wrapped[0].get("$ref") if wrapped and len(wrapped) == 1 else None)
        if target is None:
            return schema
        schema = components.get(str(target).removeprefix(_REFERENCE)) or {}


def _fits(value: Value, kind: str | None) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES.get(kind or "", (object,)))


def _expectation(kind: str, schema: Schema) -> str:
    form = schema.get("format")
    article = "an" if kind[0] in "aeio" else "a"
    return f"{article} {kind}" + (f" ({form})" if form and kind == "string" else "")
