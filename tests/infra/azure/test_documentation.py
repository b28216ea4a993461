"""The figures on the page about Azure sites are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from infra.azure.web_firewall import RATE_LIMIT
from infra.settings.loader import parse

PAGE = Path(__file__).parents[3] / "docs" / "guides" / "azure.md"


def test_the_example_is_a_configuration_that_fits_azure() -> None:
    [example] = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    values = {key.removeprefix("pouw:"): value for key, value in yaml.safe_load(example)["config"].items()}
    assert parse(values).managed_sites


def test_the_rate_limit_on_the_page_is_that_of_the_firewall() -> None:
    assert f"{RATE_LIMIT:,} requests a minute" in PAGE.read_text()
