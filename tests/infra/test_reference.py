"""The configuration reference stays what the settings are."""

from __future__ import annotations

from infra import reference
from pouw.paths import REPOSITORY


def test_the_reference_in_the_docs_is_the_one_that_the_settings_make() -> None:
    assert (REPOSITORY / "docs" / "configuration.md").read_text() == reference.render()


def test_every_setting_is_explained() -> None:
    assert "None |\n" not in reference.render()
