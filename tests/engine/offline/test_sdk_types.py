"""The SDKs' sources as we read them, against the same SDKs imported."""

from __future__ import annotations

import collections.abc
import importlib
import inspect
import typing
from typing import Any

import pulumi
import pytest
from pulumi import _types

from pouw.engine.plugins.core.sdk_types import Enumeration, Exactly, ListOf, MapOf, Named, OneOf, Plain, Sdk, Type

SAMPLE = [
    ("pulumi_aws", "aws:eks/cluster:Cluster", "pulumi_aws.eks.cluster", "ClusterArgs"),
    ("pulumi_aws", "aws:iam/role:Role", "pulumi_aws.iam.role", "RoleArgs"),
    (
        "pulumi_azure_native",
        "azure-native:storage:StorageAccount",
        "pulumi_azure_native.storage.storage_account",
        "StorageAccountArgs",
    ),
    ("pulumi_gcp", "gcp:container/cluster:Cluster", "pulumi_gcp.container.cluster", "ClusterArgs"),
    ("pulumi_docker", "docker:index/container:Container", "pulumi_docker.container", "ContainerArgs"),
    (
        "pulumi_kubernetes",
        "kubernetes:apps/v1:Deployment",
        "pulumi_kubernetes.apps.v1.Deployment",
        "DeploymentInitArgs",
    ),
]


@pytest.mark.parametrize(("package", "token", "module", "name"), SAMPLE, ids=[annotation[1] for annotation in SAMPLE])
def test_what_is_read_is_what_an_import_would_say(package: str, token: str, module: str, name: str) -> None:
    sdk = Sdk(package)
    definition = sdk.resource(token)
    assert definition is not None
    _compare(sdk, definition.inputs, getattr(importlib.import_module(module), name), visited=set())


def _compare(sdk: Sdk, read: Any, imported: type, *, visited: set[type]) -> None:
    """Names, required names and types, down to the last object."""
    if imported in visited:
        return
    visited.add(imported)
    types = _types.input_type_types(imported)
    names = _types.input_type_py_to_pulumi_names(imported)
    required = {
        names[name]
        for name, parameter in inspect.signature(imported).parameters.items()
        if name in names and parameter.default is inspect.Parameter.empty
    }
    assert set(read) == set(types)
    assert {name for name, annotation in read.items() if annotation.required} == required
    for name, expected in types.items():
        _is_equal(sdk, read[name].type, expected, visited, f"{imported.__name__}.{name}")


def _is_equal(sdk: Sdk, read: Type, imported: Any, visited: set[type], location: str) -> None:
    origin, arguments = typing.get_origin(imported), typing.get_args(imported)
    members = _members(arguments) if origin is typing.Union else [imported]
    if len(members) > 1 or isinstance(read, OneOf):
        assert isinstance(read, OneOf), location
        assert len(read.members) == len(members), location
        for parsed, imported in zip(read.members, members, strict=True):
            _is_equal(sdk, parsed, imported, visited, location)
        return
    (only,) = members
    if only is not imported:
        _is_equal(sdk, read, only, visited, location)
    elif origin in (list, collections.abc.Sequence):
        assert isinstance(read, ListOf), location
        _is_equal(sdk, read.item, arguments[0], visited, location)
    elif origin in (dict, collections.abc.Mapping):
        assert isinstance(read, MapOf), location
        _is_equal(sdk, read.item, arguments[1], visited, location)
    elif origin is typing.Literal:
        assert read == Exactly(arguments), location
    elif isinstance(imported, type) and _types.is_input_type(imported):
        assert isinstance(read, Named), location
        definition = sdk.resolve(read)
        assert isinstance(definition, collections.abc.Mapping), location
        _compare(sdk, definition, imported, visited=visited)
    elif isinstance(read, Named):
        definition = sdk.resolve(read)
        assert isinstance(definition, Enumeration), location
        assert list(definition.values) == [annotation.value for annotation in imported], location
    else:
        plain_type = {str: "string", int: "integer", float: "number", bool: "boolean", Any: "any"}
        assert read == Plain(plain_type[imported]), location  # type: ignore[arg-type]  # the values are the kinds


def _members(arguments: tuple[Any, ...]) -> list[Any]:
    """Return the members of a union in one list, without None and the wrappers of inputs."""
    types: list[Any] = []
    for annotation in arguments:
        origin = typing.get_origin(annotation)
        if origin is typing.Union:
            types += _members(typing.get_args(annotation))
        elif annotation is not type(None) and origin not in (collections.abc.Awaitable, pulumi.Output):
            types.append(annotation)
    return [annotation for index, annotation in enumerate(types) if annotation not in types[:index]]


@pytest.mark.parametrize("package", ["pulumi_aws", "pulumi_azure_native", "pulumi_gcp", "pulumi_docker"])
def test_every_resource_type_of_an_sdk_can_be_read(package: str) -> None:
    sdk = Sdk(package)
    tokens = sdk.tokens()
    unread = [token for token in tokens[:: max(1, len(tokens) // 60)] if sdk.resource(token) is None]
    assert unread == []


def test_a_package_that_is_not_installed_is_an_error() -> None:
    with pytest.raises(LookupError, match="pulumi_nowhere is not installed"):
        Sdk("pulumi_nowhere")
