"""Pages and commands that the README names exist."""

from __future__ import annotations

import re

import pytest

from pouw.cli.__main__ import COMMANDS
from pouw.paths import REPOSITORY

TEXT = (REPOSITORY / "README.md").read_text()


@pytest.mark.parametrize("page", sorted(set(re.findall(r"\]\(([^)#:]+)\)", TEXT))))
def test_every_page_that_the_readme_names_exists(page: str) -> None:
    assert (REPOSITORY / page).is_file()


@pytest.mark.parametrize("target", sorted(set(re.findall(r"^make (\w+)", TEXT, re.MULTILINE))))
def test_every_make_command_of_the_readme_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("command", sorted(set(re.findall(r"bin/pouw (\w+)", TEXT))))
def test_every_pouw_command_of_the_readme_exists(command: str) -> None:
    assert command in COMMANDS
