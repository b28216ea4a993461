"""Checking a resource's inputs before anything is planned: names, types, values, formats."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar

from infra.faults import choices
from pouw.engine.plugins.core.changes import Path, contains, parse_path, path_text
from pouw.engine.plugins.core.errors import ProviderError
from pouw.engine.plugins.core.naming import Naming
from pouw.engine.plugins.core.properties import Secret, Value, is_file, plain
from pouw.engine.plugins.core.redaction import Redaction
from pouw.engine.plugins.core.sdk_types import (
    ANY,
    ListOf,
    MapOf,
    Named,
    OneOf,
    Properties,
    ResourceType,
    Sdk,
    Type,
)
from pouw.engine.plugins.core.validation import Validator
from pouw.engine.plugins.offline.cloud import Cloud, Facts, Format
from pouw.engine.plugins.offline.naming import name_fault, named
from pouw.engine.plugins.offline.settings import Settings, decoded, text


@dataclass(frozen=True, kw_only=True)
class Checked:
    """Inputs as they will be compared, and what is wrong with them."""

    inputs: Mapping[str, Value]
    faults: list[str]


@dataclass(frozen=True, kw_only=True)
class _Text:
    """A text somewhere in the inputs."""

    path: Path
    name: str
    """The property that holds it, itself or in a list; empty for what stands under a key of the program's own."""
    value: str
    secret: bool


class Checker:
    """Checks inputs for one cloud."""

    def __init__(self, cloud: Cloud, sdk: Sdk) -> None:
        self._cloud = cloud
        self._sdk = sdk
        self._validator = Validator(sdk, is_open=lambda enum: enum.name in cloud.open_enums)
        self._format_of = cache(self._find_format)

    def described(self, token: str) -> ResourceType:
        """Raises ProviderError for a type that the SDK does not have."""
        found = self._sdk.resource(token)
        if found is None:
            raise ProviderError(f"{token}: {self._sdk.package} has no such resource type")
        return found

    def check(
        self, token: str, news: Mapping[str, Value], olds: Mapping[str, Value], naming: Naming, settings: Settings
    ) -> Checked:
        """Raises ProviderError for a type that the SDK does not have."""
        described = self.described(token)
        rule = self._cloud.naming(described)
        filled = {name: value for name, value in self._cloud.defaults(settings).items() if name in described.inputs}
        inputs = named({**{name: value for name, value in filled.items() if value}, **news}, olds, rule, naming)
        faults = self._validator.faults(inputs, described.inputs)
        if rule is not None and (fault := name_fault(inputs.get(rule.property), rule)):
            faults.append(f"{rule.property}: {fault}")
        stands = next((place for name in self._cloud.places if (place := text(inputs, name))), settings.region)
        faults += self._text_faults(
            inputs, described.inputs, self._cloud.facts_of(token), replace(settings, region=stands)
        )
        if not faults and token in self._cloud.rules:
            faults += map(Redaction(inputs), self._cloud.rules[token](plain(inputs)))
        return Checked(inputs=inputs, faults=faults)

    def check_provider(self, news: Mapping[str, Value]) -> list[str]:
        """What is wrong with a provider's configuration."""
        properties = self.described(f"pulumi:providers:{self._cloud.package}").inputs
        values = {name: value for name, value in decoded(news, properties).items() if name != "version"}
        faults = self._validator.faults(values, properties)
        return faults + self._text_faults(values, properties, Facts(), self._cloud.settings(values))

    def _text_faults(
        self, inputs: Mapping[str, Value], properties: Properties, facts: Facts, settings: Settings
    ) -> list[str]:
        formats = [(parse_path(path), check) for path, check in facts.formats.items()]
        values = [(parse_path(path), allowed) for path, allowed in facts.values.items()]
        found: list[str] = []
        for one in self._texts(inputs, properties, ()):
            shown = "" if one.secret else f", got {one.value!r}"
            for pattern, allowed in values:
                if _at(pattern, one.path) and one.value not in allowed:
                    listed = choices(allowed, "" if one.secret else one.value)
                    found.append(f"{path_text(one.path)}: must be one of {listed}{shown}")
            own = next((check for pattern, check in formats if _at(pattern, one.path)), None)
            check = own or self._format_of(one.name)
            if check is not None and (fault := check(one.value, settings)):
                found.append(f"{path_text(one.path)}: {fault}{shown}")
        return found

    def _texts(
        self, inputs: Mapping[str, Value], properties: Properties, path: Path, *, secret: bool = False
    ) -> Iterator[_Text]:
        """Every known text in an object's properties."""
        for name, value in inputs.items():
            if name in properties:
                yield from self._texts_in(value, properties[name].type, (*path, name), name, secret=secret)

    def _texts_in(self, value: Value, wanted: Type, path: Path, name: str, *, secret: bool) -> Iterator[_Text]:
        if isinstance(value, Secret):
            yield from self._texts_in(value.value, wanted, path, name, secret=True)
        elif isinstance(value, str):
            yield _Text(path=path, name=name, value=value, secret=secret)
        elif isinstance(value, list):
            item = _of(wanted, ListOf)
            for index, one in enumerate(value):
                yield from self._texts_in(one, item.item if item else ANY, (*path, index), name, secret=secret)
        elif isinstance(value, Mapping) and not is_file(value):
            named = _of(wanted, Named)
            described = self._sdk.named(named) if named else None
            if isinstance(described, Mapping):
                yield from self._texts(value, described, path, secret=secret)
                return
            entry = _of(wanted, MapOf)
            for key, one in value.items():
                # A key that the program chose says nothing of what its value is.
                yield from self._texts_in(one, entry.item if entry else ANY, (*path, key), "", secret=secret)

    def _find_format(self, name: str) -> Format | None:
        return next((check for pattern, check in self._cloud.formats if re.fullmatch(pattern, name)), None)


def _at(pattern: Path, path: Path) -> bool:
    return len(pattern) == len(path) and contains(pattern, path)


Kind = TypeVar("Kind", ListOf, MapOf, Named)


def _of(wanted: Type, kind: type[Kind]) -> Kind | None:
    """The type, or the member of a union, that is of a kind."""
    members = wanted.members if isinstance(wanted, OneOf) else (wanted,)
    return next((one for one in members if isinstance(one, kind)), None)
