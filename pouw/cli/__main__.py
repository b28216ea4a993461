"""The ``pouw`` command: a group that loads a command's module only when that command is called."""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata

import click

from infra.faults import Fault
from pouw.errors import ExitCode, PouwError
from pouw.home import Home

COMMANDS: Mapping[str, tuple[str, str]] = {
    "up": ("pouw.cli.stack", "Bring a stack up, and wait until its nodes agree"),
    "preview": ("pouw.cli.stack", "Show the changes that `up` would make"),
    "down": ("pouw.cli.stack", "Destroy a stack"),
    "refresh": ("pouw.cli.stack", "Update the state of a stack from its real resources"),
    "rehearsal": ("pouw.cli.rehearsal", "Show and change the simulated cloud of a stack"),
    "status": ("pouw.cli.status", "Show sites, slots, nodes, heights, peers and versions"),
    "doctor": ("pouw.cli.doctor", "Show the engine, plugins and cluster in use, and what is missing"),
    "cluster": ("pouw.cli.cluster", "Start, stop and show the embedded Kubernetes"),
    "image": ("pouw.cli.image", "Build the images of a site"),
    "policy": ("pouw.cli.policy", "Show compliance reports, waivers and controls; check manifests"),
    "task": ("pouw.cli.task", "Submit training tasks, and fetch their models"),
}


_MACHINE = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EIO}
)
"""Errors of the system for folders that cannot hold our files; they are not defects of the program."""


class LazyGroup(click.Group):
    """A group that imports a command only when it is called, so that ``--help`` stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of ``COMMANDS``."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command; None for an unknown name, which click reports."""
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
    pouw up                  bring a real network up on this machine
    pouw status              show its state
    pouw task submit digits  submit a training task
    pouw down                remove the network
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command, and return its exit code. Expected failures are printed here and nowhere else."""
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
        click.echo(f"error: {_write_fault(error)}", err=True)
        return ExitCode.FAILED
    return code if isinstance(code, int) else ExitCode.OK


def _write_fault(error: OSError) -> Fault:
    return Fault(
        path=str(error.filename or Home.from_environment(os.environ).state),
        message="cannot be written",
        got=error.strerror or "",
        expected="a writable folder with free space",
        remedy="free some space, or set POUW_HOME (state) and POUW_CACHE (cache) to other folders",
    )


def main() -> None:
    """Entry point of the ``pouw`` program."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
