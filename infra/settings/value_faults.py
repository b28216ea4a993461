"""Faults of single values: what pydantic reports, as the faults that users read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

import pydantic
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from infra.faults import Fault, choices, excerpt
from infra.settings.models import Location, alternatives, fields_of, models_of, walk
from infra.settings.site import SiteBase
from infra.settings.stack import NAMESPACE, Settings
from infra.settings.values import PATTERNS, SettingError

_Entry = Mapping[str, Any]
_CLOUD = "cloud"


@dataclass(frozen=True, kw_only=True)
class _Point:
    """The point of the settings that an error is about."""

    path: str
    holder: type[BaseModel]
    """Class that holds the last key, or that lacks it."""
    keys: tuple[str, ...]
    """Keys from the class of the site to the value; empty outside of sites."""
    cloud: str
    """Cloud of the site; empty outside of sites."""


def faults(error: pydantic.ValidationError) -> Iterator[Fault]:
    """Yield a fault for each of pydantic's errors."""
    for entry in error.errors(include_url=False):
        point = _point(entry["loc"])
        if entry["type"] == "missing":
            yield from _missing(point.path, fields_of(point.holder)[str(entry["loc"][-1])])
        elif entry["type"] == "extra_forbidden":
            yield _unknown_key(point, str(entry["loc"][-1]), entry["input"])
        elif entry["type"].startswith("union_tag"):
            yield from _unknown_cloud(point.path, entry["input"])
        else:
            yield _value_fault(point.path, entry)


def _point(location: Location) -> _Point:
    """Return the point at pydantic's location, which also names the class that a union chose."""
    path, cloud, keys = "", "", list[str]()
    holder: type[BaseModel] = Settings
    inner: type[BaseModel] | None = Settings
    classes: Mapping[str, type[BaseModel]] = {}
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part in classes:
            cloud, inner, classes = part, classes[part], {}
        elif part != "[key]":
            path += f".{part}" if path else part
            holder = inner or holder
            field = fields_of(holder).get(part) if inner else None
            keys += [part] if cloud else []
            classes = alternatives(holder, part) if field else {}
            inner = next(models_of(field.annotation), None) if field and not classes else None
    return _Point(path=f"{NAMESPACE}:{path}", holder=holder, keys=tuple(keys), cloud=cloud)


def _missing(path: str, field: FieldInfo) -> Iterator[Fault]:
    """Yield a fault for a missing value; for a missing mapping, one for each value that it requires."""
    inner = next(models_of(field.annotation), None)
    required = {key: each for key, each in fields_of(inner).items() if each.is_required()} if inner else {}
    if not required or path.endswith(":sites"):
        yield Fault(path=path, message="is missing", expected=_sentence(field))
    for key, value in required.items() if not path.endswith(":sites") else ():
        yield from _missing(f"{path}.{key}", value)


def _sentence(field: FieldInfo) -> str:
    """Return what a field expects, as its type says it."""
    patterns = [PATTERNS[limit.pattern] for limit in field.metadata if getattr(limit, "pattern", None) in PATTERNS]
    values = [value for value in get_args(field.annotation) if isinstance(value, str)]
    return field.title or next(iter(patterns), f"one of {choices(values)}" if values else "a value")


def _unknown_key(point: _Point, key: str, value: object) -> Fault:
    sites = alternatives(Settings, "sites")
    owners = [
        cloud
        for cloud, site in sites.items()
        if cloud != point.cloud and (holder := walk(site, point.keys[:-1])) and key in fields_of(holder)
    ]
    if point.cloud and owners:
        return Fault(
            path=point.path,
            message=f"is not a setting of cloud: {point.cloud}",
            got=excerpt(value),
            expected="no value",
            reason=f"it belongs to cloud: {', '.join(owners)}",
            remedy="remove it",
        )
    expected = f"one of {choices(fields_of(point.holder), key)}"
    return Fault(path=point.path, message="unknown key", got=repr(key), expected=expected)


def _unknown_cloud(path: str, site: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield the fault of a site without a valid cloud, and those of the values that every site has."""
    clouds = f"one of {choices(alternatives(Settings, 'sites'))}"
    if _CLOUD in site:
        got = excerpt(site[_CLOUD])
        yield Fault(path=f"{path}.{_CLOUD}", message="is not a supported cloud", got=got, expected=clouds)
    else:
        yield Fault(path=f"{path}.{_CLOUD}", message="is missing", expected=clouds)
    shared = {key: value for key, value in site.items() if key in fields_of(SiteBase)}
    try:
        SiteBase.model_validate({**shared, _CLOUD: ""})
    except pydantic.ValidationError as error:
        for entry in error.errors(include_url=False):
            key_path = f"{path}.{entry['loc'][0]}"
            if entry["type"] == "missing":
                yield from _missing(key_path, fields_of(SiteBase)[str(entry["loc"][0])])
            else:
                yield _value_fault(key_path, entry)


def _value_fault(path: str, entry: _Entry) -> Fault:
    cause = entry.get("ctx", {}).get("error")
    got = excerpt(entry["input"])
    if isinstance(cause, SettingError):
        return Fault(path=path, message=cause.message, got=got, expected=cause.expected, reason=cause.reason)
    return Fault(path=path, message="is not allowed", got=got, expected=_expected(entry))


def _expected(entry: _Entry) -> str:
    pattern = entry.get("ctx", {}).get("pattern")
    if pattern is not None:
        return PATTERNS[pattern]
    return re.sub(r"^(Input|List|Tuple|String|Dictionary) should (be|have) ", "", str(entry["msg"]))
