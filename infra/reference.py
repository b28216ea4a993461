"""The configuration reference, made from the settings: ``python -m infra.reference > docs/configuration.md``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from infra.settings import NAMESPACE, Settings, model_of

_HEAD = f"""\
# Configuration

Made by `python -m infra.reference`; do not edit by hand.

`Pulumi.yaml` declares every key, `Pulumi.<stack>.yaml` holds a stack's values. Unknown keys are refused, and all
faults are told together before the engine starts. `{NAMESPACE}:nodeKeySeed` is a secret
(`pulumi config set --secret`); where a stack's file has none, `pouw up` makes one at random and keeps it in the state
directory.

| key | type | default | meaning |
|---|---|---|---|
"""


def render() -> str:
    """The whole page."""
    return _HEAD + "".join(_rows(Settings, f"{NAMESPACE}:")) + "\n"


def _rows(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        key = prefix + (field.alias or name)
        inner = model_of(field.annotation)
        listed = field.annotation is not None and str(field.annotation).startswith("tuple")
        if inner:
            yield f"| `{key}` | {'list' if listed else 'mapping'} | | {_meaning(field)} |\n"
            yield from _rows(inner, f"{key}{'[]' if listed else ''}.")
        else:
            yield f"| `{key}` | {_type(field.annotation)} | {_default(field)} | {_meaning(field)} |\n"


def _meaning(field: FieldInfo) -> str:
    return " ".join((field.description or "").split())


def _type(annotation: object) -> str:
    parts = [part for part in get_args(annotation) if part not in (type(None), Ellipsis)]
    if parts and all(isinstance(part, str) for part in parts):
        return ", ".join(f"`{part}`" for part in parts)
    if str(annotation).startswith("tuple"):
        return "list of text"
    if str(annotation).startswith("dict"):
        return "mapping of text"
    if annotation is bool:
        return "`true`, `false`"
    return "text" if "str" in str(annotation) else "whole number"


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is PydanticUndefined:
        return "required" if field.is_required() else ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return "" if value in (None, "", ()) else f"`{value}`"


if __name__ == "__main__":
    print(render(), end="")  # noqa: T201 - printing the page is what this is for
