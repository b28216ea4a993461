"""The table of prices agrees with the installed SDKs and with itself."""

from __future__ import annotations

from datetime import date
from fnmatch import fnmatchcase

import pytest
from pydantic import ValidationError

from infra.regions import ZONES
from pouw.cost import pools, table
from pouw.engine.plugins.core.sdk_types import Sdk

TOKENS = {
    package: Sdk(module).tokens()
    for package, module in (("aws", "pulumi_aws"), ("azure-native", "pulumi_azure_native"), ("gcp", "pulumi_gcp"))
}


def test_every_type_and_pattern_means_one_that_the_sdks_have() -> None:
    prices = table.load()
    patterns = [*prices.resources, *pools.TYPES, *prices.usage, *prices.free]
    in_clouds = [(pattern, TOKENS[package]) for pattern in patterns if (package := pattern.partition(":")[0]) in TOKENS]
    idle = [pattern for pattern, tokens in in_clouds if not any(fnmatchcase(token, pattern) for token in tokens)]
    assert idle == []
    assert len(in_clouds) > 100


def test_no_pattern_of_free_types_covers_one_that_is_charged_by_use() -> None:
    prices = table.load()
    exact = [name for name in prices.usage if "*" not in name]
    assert [name for name in exact if prices.is_free(name)] == []


def test_every_region_with_a_price_is_one_that_a_site_may_name() -> None:
    prices = table.load()
    for cloud, machines in prices.machines.items():
        named = {region for by_region in machines.values() for region in by_region}
        assert named <= set(ZONES[cloud]), cloud


def test_no_type_is_both_priced_and_free() -> None:
    prices = table.load()
    both = [(token, pattern) for token in prices.resources for pattern in prices.free if fnmatchcase(token, pattern)]
    assert both == [], "a priced type wins, so the pattern would mislead its reader"


def test_prices_have_a_date_that_is_past() -> None:
    assert table.load().date <= date.today()  # noqa: DTZ011 - a date without a zone is what the table has


@pytest.mark.parametrize("wrong", [{"hours_a_month": 0}, {"currency": None}, {"colour": "red"}])
def test_a_table_of_another_shape_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        table.Table.model_validate({**table.load().model_dump(), **wrong})
