"""Documented commands that need no account, run one after the other as a reader would."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest

from pouw.paths import REPOSITORY
from tests.cli.command import Checkout
from tests.docs.fences import Command, every_command, stack_files
from tests.docs.kinds import Kind, kind

pytestmark = pytest.mark.engine
GENERATED = "docs/reference/commands.md"
"""Examples of the commands' own help: names in them are invented, so only their options are checked."""


def sequences() -> Iterator[Sequence[Command]]:
    """Yield the commands of each page that runs one which no earlier page has run.

    Commands are equal if their words are, except on a page that shows a stack file of its own. Rehearsals depend on one
    another, so a page that runs one runs all of its own.
    """
    covered: set[tuple[str, ...]] = set()
    documented = [command for command in every_command() if command.page != GENERATED and kind(command) is Kind.ENGINE]
    pages = [list(commands) for _, commands in groupby(documented, key=lambda command: command.page)]
    for commands in sorted(pages, key=len, reverse=True):
        own_stack = any(stack_files(REPOSITORY / commands[0].page))
        pending = [command for command in commands if own_stack or tuple(command.words) not in covered]
        if pending:
            yield [command for command in commands if command in pending or "rehears" in command.text]
            covered |= {tuple(command.words) for command in commands}


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    """A copy of the sources with the repository's own stacks and examples.

    The path of the state folder is short, because sockets of the embedded cluster would be below it.
    """
    checkout = Checkout.make(tmp_path)
    shutil.copytree(REPOSITORY / "docs" / "examples", checkout.root / "docs" / "examples")
    with tempfile.TemporaryDirectory(prefix="pouw-") as state:
        yield replace(checkout, state=Path(state))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("commands", list(sequences()), ids=lambda commands: commands[0].page)
def test_the_commands_of_a_page_succeed(commands: Sequence[Command], checkout: Checkout) -> None:
    for name, content in stack_files(REPOSITORY / commands[0].page):
        (checkout.root / name).write_text(content)
    failures = []
    for command in commands:
        completed = checkout.run(*command.words[1:], timeout=240)
        if completed.returncode != 0:
            failures.append(f"{command}: exit code {completed.returncode}\n{completed.stdout}{completed.stderr}")
    assert failures == []
