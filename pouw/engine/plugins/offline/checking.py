"""Checking a resource's inputs before anything is planned: names, types, values, formats."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from pouw.engine.plugins.core.changes import Path, contains, parse_path, path_text
from pouw.engine.plugins.core.errors import ProviderError
from pouw.engine.plugins.core.naming import Naming
from pouw.engine.plugins.core.properties import UNKNOWN, Secret, Value, is_file, plain
from pouw.engine.plugins.core.redaction import Redaction
from pouw.engine.plugins.core.sdk_types import ResourceType, Sdk
from pouw.engine.plugins.core.validation import Validator
from pouw.engine.plugins.offline.cloud import Cloud, Facts, Format
from pouw.engine.plugins.offline.naming import AUTONAMED, name_fault, named
from pouw.engine.plugins.offline.settings import Settings, decoded, text

_OWN_KEYS = frozenset({"labels", "metadata", "resourceLabels", "tags", "userLabels"})
"""Objects whose keys are people's own words: `project` there is no project."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """Inputs as they will be compared, and what is wrong with them."""

    inputs: Mapping[str, Value]
    faults: list[str]


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
        faults += self._text_faults(inputs, self._cloud.facts_of(token), replace(settings, region=stands))
        if not faults and token in self._cloud.rules:
            faults += map(Redaction(inputs), self._cloud.rules[token](plain(inputs)))
        return Checked(inputs=inputs, faults=faults)

    def check_provider(self, news: Mapping[str, Value]) -> list[str]:
        """What is wrong with a provider's configuration."""
        properties = self.described(f"pulumi:providers:{self._cloud.package}").inputs
        values = {name: value for name, value in decoded(news, properties).items() if name != "version"}
        faults = self._validator.faults(values, properties)
        return faults + self._text_faults(values, Facts(), self._cloud.settings(values))

    def _text_faults(self, inputs: Mapping[str, Value], facts: Facts, settings: Settings) -> list[str]:
        formats = [(parse_path(path), check) for path, check in facts.formats.items()]
        values = [(parse_path(path), allowed) for path, allowed in facts.values.items()]
        found: list[str] = []
        for path, value, secret in _texts(inputs, ()):
            shown = "" if secret else f", got {value!r}"
            for pattern, allowed in values:
                if _at(pattern, path) and value not in allowed:
                    found.append(f"{path_text(path)}: must be one of {', '.join(allowed)}{shown}")
            by_name = None if _OWN_KEYS.intersection(path) else self._format_of(_name(path))
            check = next((check for pattern, check in formats if _at(pattern, path)), by_name)
            if check is not None and (fault := check(value, settings)):
                found.append(f"{path_text(path)}: {fault}{shown}")
        return found

    def _find_format(self, name: str) -> Format | None:
        return next((check for pattern, check in self._cloud.formats if re.fullmatch(pattern, name)), None)


def _at(pattern: Path, path: Path) -> bool:
    return len(pattern) == len(path) and contains(pattern, path)


def _name(path: Path) -> str:
    return next((step for step in reversed(path) if isinstance(step, str)), "")


def _texts(value: Value, path: Path, *, secret: bool = False) -> Iterator[tuple[Path, str, bool]]:
    """Every known text below a value; whether it is secret."""
    if isinstance(value, Secret):
        yield from _texts(value.value, path, secret=True)
    elif value is UNKNOWN or is_file(value):
        return
    elif isinstance(value, str):
        yield path, value, secret
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key != AUTONAMED:
                yield from _texts(item, (*path, key), secret=secret)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index), secret=secret)
