"""The table of prices agrees with the installed SDKs, with what our stacks are made of, and with itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from infra.aws import node_pool_plan as aws_machines
from infra.azure.node_pool_plan import zone_pools
from infra.clouds import CLOUDS
from infra.gcp import machine_types as gcp_machines
from infra.kubernetes.storage import NAME as ENCRYPTED
from infra.settings.site import NodePool, Pools
from pouw.cost import pools, table
from pouw.engine.plugins.core.sdk_types import Sdk
from pouw.paths import REPOSITORY

TOKENS = {
    package: Sdk(module).tokens()
    for package, module in (("aws", "pulumi_aws"), ("azure-native", "pulumi_azure_native"), ("gcp", "pulumi_gcp"))
}


def free() -> Iterator[str]:
    """Patterns of all types that cost nothing."""
    return (pattern for patterns in table.load().free.values() for pattern in patterns)


def resource_types(file: Path) -> Iterator[str]:
    """Yield the types of the resources that a file imports, read from the SDK's sources without running it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pulumi_"):
            package, *submodules = (node.module or "").split(".")
            spec = find_spec(package)
            assert spec is not None
            source = Path((spec.submodule_search_locations or [""])[0]).joinpath(*submodules).with_suffix(".py")
            for name in node.names if source.exists() else ():
                yield from re.findall(
                    rf'type_token\("([^"]+)"\)\nclass {name.name}\b', source.read_text(encoding="utf-8")
                )


def list_declared_types() -> list[str]:
    """Return all types that a stack of this repository may declare, without API versions."""
    files = [file for folder in ("infra", "stacks") for file in (REPOSITORY / folder).rglob("*.py")]
    tokens = {token for file in files for token in resource_types(file)}
    return sorted(token for token in tokens if not token.startswith("pulumi:providers:"))


@pytest.mark.parametrize("token", list_declared_types())
def test_every_declared_type_is_priced_charged_by_use_or_free(token: str) -> None:
    prices = table.load()
    is_listed = token in (*prices.resources, *pools.TYPES) or prices.used(token) or prices.free_because(token)
    assert is_listed, f"{token} is not in the table of prices"


def default_machines() -> dict[str, set[str]]:
    """Return the machines of pools without a machine in the settings, by cloud."""
    pools_settings = Pools()
    return {
        "aws": {instance for group in aws_machines.groups(pools_settings) for instance in group.instances[:1]},
        "azure": {pool.instance for pool in zone_pools(pools_settings)},
        "gcp": {gcp_machines.machine_type(name, NodePool()) for name in gcp_machines.DEFAULTS},
    }


@pytest.mark.parametrize(("cloud", "minimum"), [("aws", 14), ("azure", 9), ("gcp", 23)])
def test_the_machines_of_our_pools_have_a_price_wherever_a_source_has_one(cloud: str, minimum: int) -> None:
    prices = table.load()
    for name in default_machines()[cloud]:
        priced = [region for region in CLOUDS[cloud].regions if prices.machine(cloud, name, region) is not None]
        assert len(priced) >= minimum, name


def test_the_storage_class_of_our_sites_has_its_kind_of_disk() -> None:
    # Here, because a site is the one thing in this folder that runs an SDK: seconds for who collects these tests.
    from infra.aws.site import storage_class as aws_class
    from infra.azure.site import storage_class as azure_class

    classes = table.load().classes
    assert aws_class("key")["parameters"]["type"] == classes["aws"][ENCRYPTED]
    assert azure_class("disks")["parameters"]["skuName"] == classes["azure"][ENCRYPTED]
    assert ENCRYPTED not in classes["gcp"], "its kind follows from the machines"


def test_a_disk_of_each_kind_that_a_class_gives_has_a_price_in_some_region() -> None:
    prices = table.load()
    for cloud, classes in prices.classes.items():
        for name, kind in classes.items():
            assert any(prices.disk(cloud, kind, 100, region) for region in CLOUDS[cloud].regions), (cloud, name)


def test_every_type_and_pattern_means_one_that_the_sdks_have() -> None:
    prices = table.load()
    patterns = [*prices.resources, *pools.TYPES, *prices.usage, *free()]
    in_clouds = [(pattern, TOKENS[package]) for pattern in patterns if (package := pattern.partition(":")[0]) in TOKENS]
    idle = [pattern for pattern, tokens in in_clouds if not any(fnmatchcase(token, pattern) for token in tokens)]
    assert idle == []
    assert len(in_clouds) > 100


def test_no_pattern_of_free_types_covers_one_that_is_charged_by_use() -> None:
    prices = table.load()
    exact = [name for name in prices.usage if "*" not in name]
    assert [name for name in exact if prices.free_because(name)] == []


def test_every_region_with_a_price_is_one_that_a_site_may_name() -> None:
    prices = table.load()
    for cloud, families in prices.machines.items():
        for name, family in families.items():
            assert set(family.hour) <= set(CLOUDS[cloud].regions), name
            assert family.unchecked < set(family.hour), name
    for cloud, disks in prices.disks.items():
        for kind, disk in disks.items():
            for by_region in (disk.month, *(disk.steps or {}).values()):
                assert disk.unchecked < set(by_region or CLOUDS[cloud].regions) <= set(CLOUDS[cloud].regions), kind


def test_no_type_is_both_priced_and_free() -> None:
    prices = table.load()
    conflicts = [(token, pattern) for token in prices.resources for pattern in free() if fnmatchcase(token, pattern)]
    assert conflicts == [], "a priced type wins, so the pattern would mislead its reader"


def test_no_pattern_is_repeated() -> None:
    names = list(free())
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_sources_are_dated_before_the_comparison_of_prices() -> None:
    prices = table.load()
    assert prices.date <= date.today()  # noqa: DTZ011 - a date without a zone is what the table has
    assert [name for name, source in prices.sources.items() if source.date > prices.date] == []


def test_every_source_is_one_that_prices_name() -> None:
    prices = table.load()
    lines = {line.source for lines in prices.resources.values() for line in lines}
    families = [family for by_name in prices.machines.values() for family in by_name.values()]
    disks = [disk for by_kind in prices.disks.values() for disk in by_kind.values()]
    groups = {group.source for group in (*families, *disks)}
    assert set(prices.sources) - lines - groups == set()


@pytest.mark.parametrize(
    "change",
    [
        {"hours_a_month": 0},
        {"currency": None},
        {"colour": "red"},
        {"sources": {}},
        {"disks": {"aws": {"gp3": {"source": "unchecked"}}}},
        {"disks": {"aws": {"gp3": {"source": "unchecked", "month": {"*": 1.0}, "steps": {8: {"*": 1.0}}}}}},
        {"machines": {"aws": {"a": {"source": "unchecked", "sizes": {"x": 1, "y": 0}, "hour": {"*": 1.0}}}}},
        {"machines": {"aws": {one: {"source": "gcp", "sizes": {"x": 1}, "hour": {"*": 1.0}} for one in "ab"}}},
    ],
    ids=["no hours", "no currency", "another field", "no sources", "no price", "two prices", "no size", "sold twice"],
)
def test_a_table_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        table.Table.model_validate({**table.load().model_dump(), **change})
