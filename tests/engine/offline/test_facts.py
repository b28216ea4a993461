"""The tables of facts against the SDKs: nothing in them may speak of what no SDK has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from pouw.engine.plugins.core.changes import parse_path
from pouw.engine.plugins.core.sdk_types import ListOf, MapOf, Named, OneOf, Properties, Sdk, Type
from pouw.engine.plugins.offline import clouds
from pouw.engine.plugins.offline.cloud import Cloud, Facts


def _has(sdk: Sdk, properties: Properties, path: Sequence[str | int]) -> bool:
    step, *rest = path
    return step in properties and _reaches(sdk, properties[str(step)].type, rest)


def _reaches(sdk: Sdk, within: Type, path: Sequence[str | int]) -> bool:
    if not path:
        return True
    if isinstance(within, OneOf):
        return any(_reaches(sdk, member, path) for member in within.members)
    if isinstance(within, ListOf):
        return path[0] == "*" and _reaches(sdk, within.item, path[1:])
    if isinstance(within, MapOf):
        return _reaches(sdk, within.item, path[1:])
    described = sdk.named(within) if isinstance(within, Named) else None
    return isinstance(described, dict) and _has(sdk, described, path)


def _input_paths(facts: Facts) -> Iterator[str]:
    yield from facts.replaces
    yield from facts.values
    yield from facts.formats
    yield from filter(None, [facts.protects, facts.name.property if facts.name else ""])


@pytest.mark.parametrize("package", clouds.MODULES)
def test_facts_speak_of_what_the_sdk_has(package: str) -> None:
    cloud: Cloud = clouds.load(package)
    sdk = Sdk(f"pulumi_{package.replace('-', '_')}")
    wrong = [token for token in (*cloud.facts, *cloud.rules) if sdk.resource(token) is None]
    for token, facts in cloud.facts.items():
        described = sdk.resource(token)
        if described is None:
            continue
        wrong += [
            f"{token} {path}" for path in _input_paths(facts) if not _has(sdk, described.inputs, parse_path(path))
        ]
        wrong += [f"{token} {path}" for path in facts.computed if not _has(sdk, described.outputs, parse_path(path))]
    assert wrong == []
