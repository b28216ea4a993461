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


@pytest.mark.parametrize(("package", "token", "module", "name"), SAMPLE, ids=[one[1] for one in SAMPLE])
def test_what_is_read_is_what_an_import_would_say(package: str, token: str, module: str, name: str) -> None:
    sdk = Sdk(package)
    described = sdk.resource(token)
    assert described is not None
    _compare(sdk, described.inputs, getattr(importlib.import_module(module), name), seen=set())


def _compare(sdk: Sdk, read: Any, imported: type, *, seen: set[type]) -> None:
    """Names, required names and types, down to the last object."""
    if imported in seen:
        return
    seen.add(imported)
    types = _types.input_type_types(imported)
    names = _types.input_type_py_to_pulumi_names(imported)
    required = {
        names[name]
        for name, parameter in inspect.signature(imported).parameters.items()
        if name in names and parameter.default is inspect.Parameter.empty
    }
    assert set(read) == set(types)
    assert {name for name, one in read.items() if one.required} == required
    for name, wanted in types.items():
        _same(sdk, read[name].type, wanted, seen, f"{imported.__name__}.{name}")


def _same(sdk: Sdk, read: Type, imported: Any, seen: set[type], where: str) -> None:
    origin, arguments = typing.get_origin(imported), typing.get_args(imported)
    members = _members(arguments) if origin is typing.Union else [imported]
    if len(members) > 1 or isinstance(read, OneOf):
        assert isinstance(read, OneOf), where
        assert len(read.members) == len(members), where
        for ours, theirs in zip(read.members, members, strict=True):
            _same(sdk, ours, theirs, seen, where)
        return
    (only,) = members
    if only is not imported:
        _same(sdk, read, only, seen, where)
    elif origin in (list, collections.abc.Sequence):
        assert isinstance(read, ListOf), where
        _same(sdk, read.item, arguments[0], seen, where)
    elif origin in (dict, collections.abc.Mapping):
        assert isinstance(read, MapOf), where
        _same(sdk, read.item, arguments[1], seen, where)
    elif origin is typing.Literal:
        assert read == Exactly(arguments), where
    elif isinstance(imported, type) and _types.is_input_type(imported):
        assert isinstance(read, Named), where
        described = sdk.named(read)
        assert isinstance(described, collections.abc.Mapping), where
        _compare(sdk, described, imported, seen=seen)
    elif isinstance(read, Named):
        described = sdk.named(read)
        assert isinstance(described, Enumeration), where
        assert list(described.values) == [one.value for one in imported], where
    else:
        plain = {str: "string", int: "integer", float: "number", bool: "boolean", Any: "any"}
        assert read == Plain(plain[imported]), where  # type: ignore[arg-type]  # the values are the kinds


def _members(arguments: tuple[Any, ...]) -> list[Any]:
    """A union's own members, flat: without None and the promises that an input may be in a program."""
    found: list[Any] = []
    for one in arguments:
        origin = typing.get_origin(one)
        if origin is typing.Union:
            found += _members(typing.get_args(one))
        elif one is not type(None) and origin not in (collections.abc.Awaitable, pulumi.Output):
            found.append(one)
    return [one for index, one in enumerate(found) if one not in found[:index]]


@pytest.mark.parametrize("package", ["pulumi_aws", "pulumi_azure_native", "pulumi_gcp", "pulumi_docker"])
def test_every_resource_type_of_an_sdk_can_be_read(package: str) -> None:
    sdk = Sdk(package)
    tokens = sdk.tokens()
    unread = [token for token in tokens[:: max(1, len(tokens) // 60)] if sdk.resource(token) is None]
    assert unread == []


def test_a_package_that_is_not_installed_is_told() -> None:
    with pytest.raises(LookupError, match="pulumi_nowhere is not installed"):
        Sdk("pulumi_nowhere")
