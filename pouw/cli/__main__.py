"""The ``pouw`` command: a group that loads a command's module only when that command is called."""

from __future__ import annotations

import errno
import importlib
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata

import click

from infra.faults import Fault
from pouw.errors import ExitCode, PouwError
from pouw.paths import state_dir

COMMANDS: Mapping[str, tuple[str, str]] = {
    "up": ("pouw.cli.stack", "Bring a stack up and wait until its network works"),
    "preview": ("pouw.cli.stack", "Show what `up` would change"),
    "down": ("pouw.cli.stack", "Take a stack away"),
    "refresh": ("pouw.cli.stack", "Read the real state of a stack back"),
    "rehearsal": ("pouw.cli.rehearsal", "What a simulated cloud holds; change it behind the engine's back"),
    "status": ("pouw.cli.status", "Sites, slots, nodes, heights, peers, versions"),
    "doctor": ("pouw.cli.doctor", "Which engine, plugins, cluster and versions are in use; what is missing"),
    "cluster": ("pouw.cli.cluster", "The embedded Kubernetes"),
    "image": ("pouw.cli.image", "The node image"),
    "policy": ("pouw.cli.policy", "Compliance: reports, waivers, controls, rules on plain manifests"),
    "task": ("pouw.cli.task", "Useful work: submit a training task, fetch its model"),
}


_MACHINE = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EIO}
)
"""What the system says of folders that cannot hold our files: no fault of the program's."""


class LazyGroup(click.Group):
    """Knows its commands by name and imports one only when it is called: ``--help`` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table above."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command's object; ``None`` for an unknown name, which click reports."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(COMMANDS[cmd_name][0]), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List commands from the table, without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(metadata.version("pouw"), prog_name="pouw")
def root() -> None:
    """Run and operate a Proof-of-Useful-Work node network.

    \b
    pouw up                  a real network on this machine
    pouw status              what it is doing
    pouw task submit digits  give it something to train
    pouw down                take it away
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit code. The process edge: expected failures are printed here and nowhere else."""
    try:
        code = root.main(args=list(arguments), prog_name="pouw", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        return ExitCode.INTERRUPTED
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except PouwError as error:
        for fault in error.faults:
            click.echo(f"error: {fault}", err=True)
        return error.code
    except OSError as error:
        if error.errno not in _MACHINE:
            raise
        click.echo(f"error: {_refused(error)}", err=True)
        return ExitCode.FAILED
    return code if isinstance(code, int) else ExitCode.OK


def _refused(error: OSError) -> Fault:
    return Fault(
        path=str(error.filename or state_dir()),
        message="cannot be written",
        got=error.strerror or "",
        expected="a folder with room that may be written",
        remedy="make room, or set POUW_HOME (state) and POUW_CACHE (cache) to other folders",
    )


def main() -> None:
    """Entry point of the ``pouw`` program."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
