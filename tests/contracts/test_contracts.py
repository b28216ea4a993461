"""Every cloud has every component, under the same names, with the same arguments and outputs."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

import infra
from infra import contracts
from infra.clouds import CLOUDS
from infra.component import Component


@dataclass(frozen=True, kw_only=True)
class Contract:
    """One noun: its protocol and the names of its arguments."""

    module: str
    protocol: type[Any]
    arguments: tuple[str, ...]


def _contract(module: str, protocol: type[Any], arguments: str) -> Contract:
    return Contract(module=module, protocol=protocol, arguments=tuple(arguments.split()))


CONTRACTS: Final = (
    _contract("keys", contracts.Keys, "context"),
    _contract("audit_logs", contracts.AuditLogs, "context keys"),
    _contract("alarms", contracts.Alarms, "context keys contacts"),
    _contract("network", contracts.Network, "context keys audit_logs alarms"),
    _contract("cluster", contracts.Cluster, "context keys audit_logs alarms network"),
    _contract("node_pools", contracts.NodePools, "context keys network cluster"),
    _contract("registry", contracts.Registry, "context keys repository"),
    _contract("backups", contracts.Backups, "context keys audit_logs alarms"),
    _contract("identity", contracts.Identity, "context keys cluster registry backups"),
    _contract("web_firewall", contracts.WebFirewall, "context keys allow_from"),
    _contract("dns", contracts.Dns, "context zone"),
    _contract("edge", contracts.Edge, "context keys audit_logs alarms network node_pools hosts allow_from"),
    _contract("budget", contracts.Budget, "context keys alarms contacts"),
    _contract("site", contracts.Site, "context contacts repository hosts allow_from"),
)

each_cloud = pytest.mark.parametrize("cloud", CLOUDS)
each_contract = pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.module)


def component_of(cloud: str, contract: Contract) -> type[Component]:
    """Return a cloud's component for a contract."""
    module = importlib.import_module(f"infra.{cloud}.{contract.module}")
    component: type[Component] = getattr(module, contract.protocol.__name__)
    return component


def arguments_of(cloud: str, contract: Contract) -> Any:
    """Return the class of the arguments of a cloud's component."""
    module = importlib.import_module(f"infra.{cloud}.{contract.module}")
    return getattr(module, f"{contract.protocol.__name__}Args")


@each_cloud
@each_contract
def test_a_cloud_has_the_component_under_its_name_and_token(cloud: str, contract: Contract) -> None:
    component = component_of(cloud, contract)
    assert issubclass(component, Component)
    assert component.token == f"pouw:{cloud}:{contract.protocol.__name__}"


@each_cloud
@each_contract
def test_a_component_takes_the_same_arguments_on_every_cloud(cloud: str, contract: Contract) -> None:
    fields = dataclasses.fields(arguments_of(cloud, contract))
    assert tuple(field.name for field in fields) == contract.arguments


@each_cloud
@each_contract
def test_arguments_are_frozen_and_passed_by_name(cloud: str, contract: Contract) -> None:
    arguments = arguments_of(cloud, contract)
    assert vars(arguments)["__dataclass_params__"].frozen
    assert all(field.kw_only for field in dataclasses.fields(arguments))


@each_cloud
@each_contract
def test_a_component_has_every_output_and_method_of_its_contract(cloud: str, contract: Contract) -> None:
    component = component_of(cloud, contract)
    outputs = set(contract.protocol.__annotations__)
    methods = {name for name, value in vars(contract.protocol).items() if callable(value) and name[0] != "_"}
    annotated = {name for parent in component.__mro__ for name in vars(parent).get("__annotations__", {})}
    assert sorted(outputs - annotated) == []
    assert sorted(name for name in methods if not hasattr(component, name)) == []


@cache
def shared_modules() -> Mapping[str, list[str]]:
    """Return the clouds of every module name that at least two clouds have."""
    root = Path(infra.__path__[0])
    names = {path.stem for cloud in CLOUDS for path in (root / cloud).glob("[!_]*.py")}
    clouds = {name: [cloud for cloud in CLOUDS if (root / cloud / f"{name}.py").exists()] for name in sorted(names)}
    return {name: holders for name, holders in clouds.items() if len(holders) > 1}


def definitions(cloud: str, name: str) -> set[str]:
    """Return the public names that a cloud's module defines, without the cloud's own prefix (``AwsSite``)."""
    source = Path(infra.__path__[0], cloud, f"{name}.py").read_text(encoding="utf-8")
    names = set()
    for statement in ast.parse(source).body:
        match statement:
            case (
                ast.FunctionDef(name=defined) | ast.ClassDef(name=defined) | ast.AnnAssign(target=ast.Name(id=defined))
            ):
                names.add(defined)
            case ast.Assign(targets=[ast.Name(id=defined)]):
                names.add(defined)
    return {name.removeprefix(cloud.capitalize()) for name in names if name[0] != "_"}


def has_component(cloud: str, name: str, noun: str) -> bool:
    """True if a cloud's module defines the component ``noun``."""
    value = getattr(importlib.import_module(f"infra.{cloud}.{name}"), noun, None)
    return inspect.isclass(value) and issubclass(value, Component)


def test_the_contract_names_only_modules_of_every_cloud() -> None:
    assert {contract.module: list(CLOUDS) for contract in CONTRACTS}.items() <= shared_modules().items()


@pytest.mark.parametrize("name", shared_modules())
def test_modules_of_one_name_mean_the_same_on_every_cloud(name: str) -> None:
    holders = shared_modules()[name]
    noun = "".join(part.capitalize() for part in name.split("_"))
    with_component = [cloud for cloud in holders if has_component(cloud, name, noun)]
    if with_component:
        assert with_component == holders, f"{name} is the component {noun} on some clouds only"
        return
    shared = set.intersection(*(definitions(cloud, name) for cloud in holders))
    assert shared, f"infra/{{{','.join(holders)}}}/{name}.py share a file name and no definition"
