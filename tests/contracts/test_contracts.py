"""Every cloud offers every noun, under the same names, with the same arguments and outputs."""

from __future__ import annotations

import dataclasses
import importlib

import pytest

from infra.clouds import CLOUDS
from infra.component import Component
from infra.contracts import CONTRACTS, Contract

each_cloud = pytest.mark.parametrize("cloud", CLOUDS)
each_contract = pytest.mark.parametrize("contract", CONTRACTS, ids=lambda one: one.module)


def parts(cloud: str, contract: Contract) -> tuple[type[Component], type]:
    """A cloud's component for a contract, and the class of its arguments."""
    module = importlib.import_module(f"infra.{cloud}.{contract.module}")
    name = contract.protocol.__name__
    return getattr(module, name), getattr(module, f"{name}Args")


@each_cloud
@each_contract
def test_a_cloud_has_the_component_under_its_name_and_token(cloud: str, contract: Contract) -> None:
    component, _ = parts(cloud, contract)
    assert issubclass(component, Component)
    assert component.token == f"pouw:{cloud}:{contract.protocol.__name__}"


@each_cloud
@each_contract
def test_a_component_takes_the_same_arguments_on_every_cloud(cloud: str, contract: Contract) -> None:
    _, arguments = parts(cloud, contract)
    assert tuple(field.name for field in dataclasses.fields(arguments)) == contract.arguments


@each_cloud
@each_contract
def test_arguments_are_frozen_and_given_by_name(cloud: str, contract: Contract) -> None:
    _, arguments = parts(cloud, contract)
    assert vars(arguments)["__dataclass_params__"].frozen
    assert all(field.kw_only for field in dataclasses.fields(arguments))


@each_cloud
@each_contract
def test_a_component_declares_every_output_and_method_of_its_contract(cloud: str, contract: Contract) -> None:
    component, _ = parts(cloud, contract)
    outputs = set(contract.protocol.__annotations__)
    methods = {name for name, value in vars(contract.protocol).items() if callable(value) and name[0] != "_"}
    declared = {name for parent in component.__mro__ for name in vars(parent).get("__annotations__", {})}
    assert sorted(outputs - declared) == []
    assert sorted(name for name in methods if not hasattr(component, name)) == []
