"""The catalogues of the clouds against the SDKs: every type and property in them exists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from pouw.engine.plugins.core.changes import parse_path
from pouw.engine.plugins.core.sdk_types import ListOf, MapOf, Named, OneOf, Properties, Sdk, Type
from pouw.engine.plugins.offline import clouds
from pouw.engine.plugins.offline.cloud_description import CatalogueEntry, Cloud


def _has(sdk: Sdk, properties: Properties, path: Sequence[str | int]) -> bool:
    step, *remaining = path
    return step in properties and _reaches(sdk, properties[str(step)].type, remaining)


def _reaches(sdk: Sdk, within: Type, path: Sequence[str | int]) -> bool:
    if not path:
        return True
    if isinstance(within, OneOf):
        return any(_reaches(sdk, member, path) for member in within.members)
    if isinstance(within, ListOf):
        return path[0] == "*" and _reaches(sdk, within.item, path[1:])
    if isinstance(within, MapOf):
        return _reaches(sdk, within.item, path[1:])
    definition = sdk.resolve(within) if isinstance(within, Named) else None
    return isinstance(definition, dict) and _has(sdk, definition, path)


def _input_paths(entry: CatalogueEntry) -> Iterator[str]:
    yield from entry.replaces
    yield from entry.values
    yield from entry.formats
    yield from filter(None, [entry.protects, entry.name.property if entry.name else ""])


@pytest.mark.parametrize("package", clouds.MODULES)
def test_a_catalogue_names_types_and_properties_of_the_sdk(package: str) -> None:
    cloud: Cloud = clouds.load(package)
    sdk = Sdk(f"pulumi_{package.replace('-', '_')}")
    missing = [token for token in (*cloud.catalogue, *cloud.rules) if sdk.resource(token) is None]
    for token, entry in cloud.catalogue.items():
        definition = sdk.resource(token)
        if definition is None:
            continue
        missing += [
            f"{token} {path}" for path in _input_paths(entry) if not _has(sdk, definition.inputs, parse_path(path))
        ]
        missing += [f"{token} {path}" for path in entry.computed if not _has(sdk, definition.outputs, parse_path(path))]
    assert missing == []
