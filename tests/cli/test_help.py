"""Help: quick, and with examples."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from pouw.cli.__main__ import COMMANDS, root


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_examples(name: str) -> None:
    process = CliRunner().invoke(root, [name, "--help"])
    assert process.exit_code == 0, process.output
    assert "Examples:" in process.output


def test_the_list_of_commands_has_a_summary_each() -> None:
    output = CliRunner().invoke(root, ["--help"]).output
    for name, (_, summary) in COMMANDS.items():
        assert name in output
        assert summary.split()[0] in output
