"""The reference of settings, from the classes in ``infra/settings`` and ``infra/<cloud>/settings.py``."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from textwrap import dedent
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from infra.settings.models import alternatives, models_of
from infra.settings.stack import NAMESPACE, Settings
from infra.settings.values import Part

_HEAD = f"""\
# Settings

Generated from the settings' own descriptions by `make reference`. `Pulumi.yaml` declares every key, and
`Pulumi.<stack>.yaml` holds the values of a stack. Unknown keys are refused. All faults are reported together, before
the engine starts, with exit code 3.

`{NAMESPACE}:nodeKeySeed` is a secret: set it by `pulumi config set --secret`. Where a stack's file has no seed,
`pouw up` creates a random one and keeps it in the state directory.

## Stack

| key | type | default | meaning |
|---|---|---|---|
"""
_SITES_HEAD = """
## Sites

Each entry of `pouw:sites` is a site, and its `cloud` decides which keys it has. A key of another cloud is refused.

| key | cloud | type | default | meaning |
|---|---|---|---|---|
"""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One setting."""

    key: str
    type: str
    default: str
    meaning: str

    @property
    def cells(self) -> str:
        """The cells after the key."""
        return f"{self.type} | {self.default} | {self.meaning}"


def render() -> str:
    """Return the page."""
    stack = "".join(f"| `{row.key}` | {row.cells} |\n" for row in _rows(Settings, f"{NAMESPACE}:"))
    return _HEAD + stack + _SITES_HEAD + "".join(_site_lines())


def _site_lines() -> Iterator[str]:
    """Yield the lines of all sites: a row that several clouds share is one line that names them."""
    sites = alternatives(Settings, "sites")
    order: list[Row] = []
    clouds: dict[Row, list[str]] = {}
    for cloud, site in sites.items():
        position = 0
        for row in _rows(site, f"{NAMESPACE}:sites[]."):
            if row not in clouds:
                order.insert(position, row)
            position = order.index(row) + 1
            clouds.setdefault(row, []).append(cloud)
    for row in order:
        names = "all" if len(clouds[row]) == len(sites) else ", ".join(f"`{cloud}`" for cloud in clouds[row])
        yield f"| `{row.key}` | {names} | {row.cells} |\n"


def _rows(model: type[BaseModel], prefix: str) -> Iterator[Row]:
    meanings = _meanings(model)
    for name, field in model.model_fields.items():
        key = prefix + (field.alias or name)
        inner = list(models_of(field.annotation))
        many = field.annotation is not None and str(field.annotation).startswith("tuple")
        if not inner:
            tags = list(alternatives(Settings, "sites")) if name == "cloud" else []
            text = ", ".join(f"`{tag}`" for tag in tags) or _type(field.annotation)
            yield Row(key=key, type=text, default=_default(field), meaning=meanings[name])
            continue
        yield Row(key=key, type="list" if many else "mapping", default="", meaning=meanings[name])
        if len(inner) == 1:
            yield from _rows(inner[0], f"{key}{'[]' if many else ''}.")


def _meanings(model: type[BaseModel]) -> Mapping[str, str]:
    """Return the text below each value of a settings class and of its bases, in one line each."""
    meanings: dict[str, str] = {}
    for owner in reversed(model.__mro__):
        if not issubclass(owner, Part) or owner is Part:
            continue
        (definition,) = ast.parse(dedent(inspect.getsource(owner))).body
        for value, below in pairwise(definition.body if isinstance(definition, ast.ClassDef) else ()):
            match value, below:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    meanings[name] = " ".join(text.split())
    return meanings


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
