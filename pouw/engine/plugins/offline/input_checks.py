"""Checks of a resource's inputs before anything is planned: names, types, values, formats."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar

from infra.faults import Fault
from pouw.engine.plugins.core.changes import Path, contains, parse_path, path_text
from pouw.engine.plugins.core.errors import ProviderError
from pouw.engine.plugins.core.input_faults import mismatch, redacted
from pouw.engine.plugins.core.naming import Naming
from pouw.engine.plugins.core.properties import Secret, Value, is_file, revealed
from pouw.engine.plugins.core.redaction import Redaction
from pouw.engine.plugins.core.sdk_types import (
    ANY_TYPE,
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
from pouw.engine.plugins.offline.cloud_description import EMPTY_ENTRY, CatalogueEntry, Cloud, Format
from pouw.engine.plugins.offline.physical_names import name_fault, with_name
from pouw.engine.plugins.offline.settings import Settings, decoded, text


@dataclass(frozen=True, kw_only=True)
class CheckedInputs:
    """Inputs as they are compared later, and their faults."""

    inputs: Mapping[str, Value]
    faults: list[Fault]


@dataclass(frozen=True, kw_only=True)
class _Text:
    """A text somewhere in the inputs."""

    path: Path
    name: str
    """The property that holds it, directly or in a list; empty for the value of a key that the program chose."""
    value: str
    secret: bool


class Checker:
    """Checks inputs for one cloud."""

    def __init__(self, cloud: Cloud, sdk: Sdk) -> None:
        self._cloud = cloud
        self._sdk = sdk
        self._validator = Validator(sdk, is_open=lambda enum: enum.name in cloud.open_enums)
        self._format_of = cache(self._find_format)

    def definition(self, token: str) -> ResourceType:
        """Return a resource type.

        Raises:
            ProviderError: the SDK does not have it.
        """
        resource_type = self._sdk.resource(token)
        if resource_type is None:
            raise ProviderError(f"{token}: {self._sdk.package} has no such resource type")
        return resource_type

    def check(
        self, token: str, news: Mapping[str, Value], olds: Mapping[str, Value], naming: Naming, settings: Settings
    ) -> CheckedInputs:
        """Return the inputs with defaults and a name, and every fault in them.

        Raises:
            ProviderError: the SDK does not have the type.
        """
        definition = self.definition(token)
        rule = self._cloud.naming(definition)
        defaults = {
            name: value for name, value in self._cloud.defaults(settings).items() if value and name in definition.inputs
        }
        inputs = with_name({**defaults, **news}, olds, rule, naming)
        faults = self._validator.faults(inputs, definition.inputs)
        if rule is not None and (fault := name_fault(inputs.get(rule.property), rule)):
            faults.append(fault)
        locations = (text(inputs, name) for name in self._cloud.location_inputs)
        settings = replace(settings, region=next(filter(None, locations), settings.region))
        faults += self._text_faults(inputs, definition.inputs, self._cloud.entry_of(token), settings)
        if not faults and token in self._cloud.rules:
            redaction = Redaction(inputs)
            faults += [redacted(fault, redaction) for fault in self._cloud.rules[token](revealed(inputs))]
        return CheckedInputs(inputs=inputs, faults=faults)

    def check_provider(self, news: Mapping[str, Value]) -> list[Fault]:
        """Return every fault of a provider's configuration."""
        properties = self.definition(f"pulumi:providers:{self._cloud.package}").inputs
        values = {name: value for name, value in decoded(news, properties).items() if name != "version"}
        faults = self._validator.faults(values, properties)
        return faults + self._text_faults(values, properties, EMPTY_ENTRY, self._cloud.settings(values))

    def _text_faults(
        self, inputs: Mapping[str, Value], properties: Properties, entry: CatalogueEntry, settings: Settings
    ) -> list[Fault]:
        formats = [(parse_path(path), check) for path, check in entry.formats.items()]
        choices = [(parse_path(path), values) for path, values in entry.values.items()]
        faults: list[Fault] = []
        for item in self._texts(inputs, properties, ()):
            got = "a string" if item.secret else repr(item.value)
            for pattern, values in choices:
                if _is_at(pattern, item.path) and item.value not in values:
                    faults.append(mismatch(path_text(item.path), f"one of {', '.join(values)}", got=got))
            entry_format = next((check for pattern, check in formats if _is_at(pattern, item.path)), None)
            check = entry_format or self._format_of(item.name)
            if check is not None and (refusal := check(item.value, settings)):
                faults.append(mismatch(path_text(item.path), refusal.expected, got=got, reason=refusal.reason))
        return faults

    def _texts(
        self, inputs: Mapping[str, Value], properties: Properties, path: Path, *, secret: bool = False
    ) -> Iterator[_Text]:
        """Yield every known text in an object's properties."""
        for name, value in inputs.items():
            if name in properties:
                yield from self._texts_in(value, properties[name].type, (*path, name), name, secret=secret)

    def _texts_in(self, value: Value, expected: Type, path: Path, name: str, *, secret: bool) -> Iterator[_Text]:
        if isinstance(value, Secret):
            yield from self._texts_in(value.value, expected, path, name, secret=True)
        elif isinstance(value, str):
            yield _Text(path=path, name=name, value=value, secret=secret)
        elif isinstance(value, list):
            item = _of(expected, ListOf)
            for index, element in enumerate(value):
                yield from self._texts_in(element, item.item if item else ANY_TYPE, (*path, index), name, secret=secret)
        elif isinstance(value, Mapping) and not is_file(value):
            reference = _of(expected, Named)
            definition = self._sdk.resolve(reference) if reference else None
            if isinstance(definition, Mapping):
                yield from self._texts(value, definition, path, secret=secret)
                return
            entry = _of(expected, MapOf)
            for key, element in value.items():
                # A key that the program chose does not describe its value.
                yield from self._texts_in(element, entry.item if entry else ANY_TYPE, (*path, key), "", secret=secret)

    def _find_format(self, name: str) -> Format | None:
        return next((check for pattern, check in self._cloud.formats if re.fullmatch(pattern, name)), None)


def _is_at(pattern: Path, path: Path) -> bool:
    return len(pattern) == len(path) and contains(pattern, path)


Kind = TypeVar("Kind", ListOf, MapOf, Named)


def _of(expected: Type, kind: type[Kind]) -> Kind | None:
    """Return the type, or the member of a union, that is of a kind."""
    members = expected.members if isinstance(expected, OneOf) else (expected,)
    return next((member for member in members if isinstance(member, kind)), None)
