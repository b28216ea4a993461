"""The reference of commands: every command of ``pouw`` with its options, and the exit codes."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from itertools import pairwise
from textwrap import dedent

import click

from pouw.cli.__main__ import root
from pouw.errors import ExitCode

_HEAD = """\
# Commands and exit codes

Generated from the commands' own help by `make reference`. Every command has `--help` with examples.

"""


def render() -> str:
    """Return the page."""
    context = click.Context(root, info_name="pouw")
    return _HEAD + "\n".join([*_commands(context), *_exit_codes()]) + "\n"


def _commands(context: click.Context) -> Iterator[str]:
    command = context.command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from _commands(click.Context(inner, info_name=name, parent=context))
        return
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"## {context.command_path}\n"
    yield f"`{usage.replace(' [OPTIONS]', '')}`\n"
    yield from _help(command)
    options = [parameter for parameter in command.params if isinstance(parameter, click.Option)]
    if options:
        yield "| option | effect |"
        yield "|---|---|"
        yield from (_option(option, context) for option in options)
        yield ""
    if command.epilog:
        yield f"```sh\n{_examples(command.epilog)}\n```\n"


def _help(command: click.Command) -> Iterator[str]:
    """Yield the paragraphs of a command's help; those that click leaves as they are become blocks of text."""
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        if paragraph.startswith("\b"):
            yield f"```text\n{paragraph.removeprefix(chr(8)).strip()}\n```\n"
        else:
            yield f"{paragraph}\n"


def _option(option: click.Option, context: click.Context) -> str:
    record = option.get_help_record(context)
    names, text = record if record is not None else (", ".join(option.opts), option.help or "")
    return f"| `{names.replace('|', chr(92) + '|')}` | {' '.join(text.split()).replace('|', chr(92) + '|')} |"


def _examples(epilog: str) -> str:
    lines = epilog.removeprefix("Examples:").split("  |  ")
    return "\n".join(line.strip() for line in lines)


def _exit_codes() -> Iterator[str]:
    yield "## Exit codes\n"
    yield "| code | name | meaning |"
    yield "|---|---|---|"
    meanings = _meanings()
    for code in ExitCode:
        yield f"| {code.value} | {code.name} | {meanings.get(code.name, '')} |"
    yield ""


def _meanings() -> Mapping[str, str]:
    """Return the text below each member of the enumeration of exit codes."""
    statements = [
        statement
        for definition in ast.parse(dedent(inspect.getsource(ExitCode))).body
        if isinstance(definition, ast.ClassDef)
        for statement in definition.body
    ]
    meanings: dict[str, str] = {}
    for member, text in pairwise(statements):
        if isinstance(member, ast.Assign) and isinstance(text, ast.Expr) and isinstance(member.targets[0], ast.Name):
            meanings[member.targets[0].id] = str(ast.literal_eval(text.value))
    return meanings
