"""The reference of settings: every setting has a row with a meaning, and each row names the clouds that have it."""

from __future__ import annotations

import pytest

from infra.settings.models import alternatives, fields_of
from infra.settings.stack import Settings
from tools.reference import settings

LINES = settings.render().splitlines()
ROWS = [line for line in LINES if line.startswith("| `pouw:")]


def cells(key: str) -> list[list[str]]:
    """Return the cells of the rows of a key."""
    return [[cell.strip() for cell in row.split("|")[2:-1]] for row in ROWS if row.startswith(f"| `{key}` ")]


def test_every_setting_has_a_meaning() -> None:
    assert [row for row in ROWS if row.split("|")[-2].strip() in ("", "None")] == []


def test_every_key_of_the_stack_and_of_every_site_has_a_row() -> None:
    for key in fields_of(Settings):
        assert len(cells(f"pouw:{key}")) == 1, key
    for cloud, site in alternatives(Settings, "sites").items():
        for key in fields_of(site):
            clouds = [row[0] for row in cells(f"pouw:sites[].{key}")]
            assert any(f"`{cloud}`" in names or names == "all" for names in clouds), (cloud, key)


@pytest.mark.parametrize(
    ("key", "clouds"),
    [
        ("name", "all"),
        ("tenant", "`azure`"),
        ("context", "`kubernetes`"),
        ("network.ddosPlan", "`azure`"),
        ("network.pods", "`azure`, `gcp`"),
        ("cluster.administrators", "`aws`"),
        ("budget.billingAccount", "`gcp`"),
    ],
)
def test_a_row_names_the_clouds_that_have_the_key(key: str, clouds: str) -> None:
    assert [row[0] for row in cells(f"pouw:sites[].{key}")] == [clouds]
