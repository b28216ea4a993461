"""Names, docstrings, messages, help and pages keep the rules of wording that a program can check."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pouw.cli.__main__ import root as root_command
from pouw.paths import REPOSITORY
from tests.wording import NOT_VERBS, OPENERS, check_text, findings_below

ROOTS = (
    "infra", "node", "policies", "pouw", "stacks", "tests", "tools", "bench", "docs",
    "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile",
)  # fmt: skip


@pytest.mark.parametrize("root", ROOTS)
def test_nothing_below_a_folder_breaks_the_rules_of_wording(root: str) -> None:
    assert [str(finding) for finding in findings_below(root)] == []


@pytest.mark.parametrize(
    ("name", "text", "rule"),
    [
        ("pouw/cost/items.py", "def price():\n    found = 1\n    return found\n", "name"),
        ("pouw/cost/items.py", "def price(told):\n    return told\n", "name"),
        ("pouw/cost/items.py", "class Item:\n    kept: int = 1\n", "name"),
        ("pouw/cost/items.py", 'def price():\n    """The price."""\n', "docstring"),
        ("pouw/cost/items.py", '"""What things cost."""\n', "docstring"),
        ("pouw/cost/items.py", 'LIMIT = 1\n"""How many."""\n', "docstring"),
        ("pouw/cost/items.py", 'message = "node: nobody answers"\n', "word"),
        ("pouw/cost/items.py", "# whoever calls\n", "word"),
        ("pouw/cost/judging.py", '"""Verdicts."""\n', "module"),
        ("tests/cost/test_items.py", f"def test_{'a' * 70}():\n    pass\n", "test-name"),
        ("docs/page.md", f"{'word ' * 26}\n", "sentence"),
        ("docs/page.md", "Everything stands here.\n", "word"),
    ],
)
def test_the_check_finds_a_violation_of_each_rule(name: str, text: str, rule: str) -> None:
    assert {finding.rule for finding in check_text(name, text)} == {rule}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pouw/cost/items.py", "def total(prices):\n    return sum(one for one in prices)\n"),
        ("pouw/cost/items.py", 'def price():\n    """Return the price."""\n'),
        ("docs/page.md", "```sh\n" + "word " * 40 + "\n```\n"),
        ("docs/page.md", "| " + "word " * 40 + "|\n"),
    ],
)
def test_the_check_accepts_comprehensions_verbs_code_and_tables(name: str, text: str) -> None:
    assert [str(finding) for finding in check_text(name, text)] == []


def commands(context: click.Context) -> Iterator[tuple[str, click.Command]]:
    """Yield every command below a context by its path."""
    command = context.command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from commands(click.Context(inner, info_name=name, parent=context))
    yield context.command_path, command


COMMANDS = dict(commands(click.Context(root_command, info_name="pouw")))


@pytest.mark.parametrize("path", COMMANDS)
def test_the_help_of_a_command_begins_with_a_verb_and_has_examples(path: str) -> None:
    command = COMMANDS[path]
    text = inspect.cleandoc(command.help or "")
    first = text.split()[0]
    assert first not in OPENERS | NOT_VERBS
    assert text.split("\n\n")[0].rstrip().endswith((".", ":"))
    if not isinstance(command, click.Group):
        assert "pouw" in (command.epilog or "")


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_has_a_help_text(path: str) -> None:
    options = [parameter for parameter in COMMANDS[path].params if isinstance(parameter, click.Option)]
    assert [option.name for option in options if not option.help] == []


def test_all_folders_with_sources_of_ours_are_checked() -> None:
    folders = {
        path.relative_to(REPOSITORY).parts[0]
        for path in Path(REPOSITORY).glob("*/**/*.py")
        if not path.relative_to(REPOSITORY).parts[0].startswith((".", "build"))
    }
    assert folders <= set(ROOTS)
