"""Commands in the documentation are commands that exist, with options that exist."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from pouw.cli.__main__ import root
from pouw.paths import REPOSITORY
from tests.docs.fences import Command, commands, every_command, pages
from tests.docs.kinds import kind

MAKE_TARGETS = frozenset(re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))


def parsed(words: list[str]) -> list[str]:
    """Return the names of a command and its subcommands, once click has parsed all of its words."""
    command: click.Command = root
    names = ["pouw"]
    arguments = words
    context: click.Context | None = None
    while True:
        context = command.make_context(names[-1], list(arguments), parent=context)
        if not isinstance(command, click.Group):
            return names
        name, inner, arguments = command.resolve_command(context, [*context._protected_args, *context.args])
        assert name is not None
        assert inner is not None
        names.append(name)
        command = inner


@pytest.mark.parametrize(
    "command",
    [command for command in every_command() if command.words[:1] == ["pouw"]],
    ids=str,
)
def test_a_pouw_command_of_a_page_is_understood(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").symlink_to(REPOSITORY / "docs")
    words = list(command.words[1:])
    words = words[: next((i for i, word in enumerate(words) if word in {">", "2>", "|", "&&", ";"}), len(words))]
    for index, word in enumerate(words):
        if word.endswith((".xml", ".json", ".sarif", ".txt", ".jsonl", ".pub")):
            (tmp_path / Path(word).name).write_text("{}")
            words[index] = str(tmp_path / Path(word).name)
    parsed(words)


def test_every_documented_command_has_a_test_or_a_reason() -> None:
    assert [str(command) for command in every_command() if kind(command) is None] == []


def test_every_make_target_of_a_page_exists() -> None:
    unknown = [
        str(command)
        for command in every_command()
        if command.words[:1] == ["make"] and not set(command.words[1:]) <= MAKE_TARGETS
    ]
    assert unknown == []


def test_every_python_module_of_a_page_exists() -> None:
    missing = []
    for command in every_command():
        words = list(command.words)
        if words[:2] == ["python", "-m"] and words[2].partition(".")[0] in {"bench", "tests", "tools"}:
            path = REPOSITORY / words[2].replace(".", "/")
            if not (path.with_suffix(".py").exists() or (path / "__main__.py").exists()):
                missing.append(str(command))
    assert missing == []


@pytest.mark.parametrize("page", pages(), ids=lambda path: path.name)
def test_the_links_of_a_page_name_files_and_headings(page: Path) -> None:
    broken_links = []
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)", page.read_text(encoding="utf-8")):
        path = (page.parent / target).resolve() if target else page
        if not path.exists():
            broken_links.append(target)
        elif anchor and anchor not in _anchors(path):
            broken_links.append(f"{target}#{anchor}")
    assert broken_links == []


def _anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as code hosts derive them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_pages_have_commands_to_copy() -> None:
    guides = [path for path in pages() if path.parent.name == "guides" or path.name.startswith("getting-started")]
    assert [path.name for path in guides if not list(commands(path))] == []
