"""The configuration reference, made from the settings: ``python -m infra.reference > docs/configuration.md``."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from itertools import pairwise
from textwrap import dedent
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from infra.settings.stack import NAMESPACE, Settings, model_of
from infra.settings.values import Part

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


def _meanings(model: type[BaseModel]) -> Mapping[str, str]:
    """What stands below each value of a settings class and of those that it inherits from, in one line."""
    found: dict[str, str] = {}
    for owner in reversed(model.__mro__):
        if not issubclass(owner, Part) or owner is Part:
            continue
        (described,) = ast.parse(dedent(inspect.getsource(owner))).body
        for value, below in pairwise(described.body if isinstance(described, ast.ClassDef) else ()):
            match value, below:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    found[name] = " ".join(text.split())
    return found


def _rows(model: type[BaseModel], prefix: str) -> Iterator[str]:
    told = _meanings(model)
    for name, field in model.model_fields.items():
        key = prefix + (field.alias or name)
        inner = model_of(field.annotation)
        listed = field.annotation is not None and str(field.annotation).startswith("tuple")
        if inner:
            yield f"| `{key}` | {'list' if listed else 'mapping'} | | {told[name]} |\n"
            yield from _rows(inner, f"{key}{'[]' if listed else ''}.")
        else:
            yield f"| `{key}` | {_type(field.annotation)} | {_default(field)} | {told[name]} |\n"


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
