"""One run in a process of its own, to be interrupted and killed: ``python -m tests.engine.single_run up PROJECT``."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from pouw.engine import operation, resolution
from pouw.engine.operation import Operation, Request
from pouw.engine.project import Project
from pouw.engine.resolution import Engine, Sources
from pouw.progress import SilentProgress
from tests.engine.conftest import FakeMachine, FakeNetwork

ENGINE_VARIABLE = "TEST_ENGINE"
"""Path of the CLI and PULUMI_HOME of an engine to use instead of the resolved one, separated by a colon."""


def chosen() -> Engine:
    """The engine of the test that started us."""
    if given := os.environ.get(ENGINE_VARIABLE):
        path, home = given.split(":")
        return Engine(kind="built", version="0", path=Path(path), home=Path(home))
    return resolution.resolve(SilentProgress(), Sources(machine=FakeMachine(), network=FakeNetwork()))


def main(arguments: list[str]) -> int:
    """Run, and print the outcome's code and faults."""
    what, root = arguments
    outcome = operation.run(
        Request(operation=Operation(what), stack="local"), chosen(), SilentProgress(), project=Project(root=Path(root))
    )
    said = {"exit_code": outcome.exit_code, "faults": [str(fault) for fault in outcome.faults]}
    print(json.dumps(said))  # noqa: T201 - for the test that started us
    return outcome.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
