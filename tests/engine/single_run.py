"""One run in a process that a test interrupts or kills: ``python -m tests.engine.single_run up PROJECT``."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from pouw.engine import operation, resolution
from pouw.engine.operation import Operation, Request
from pouw.engine.project import Project
from pouw.engine.resolution import Engine, ModuleBuilder, Sources
from pouw.home import Home
from pouw.progress import SilentProgress
from tests.engine.conftest import FakeMachine, FakeNetwork

ENGINE_VARIABLE = "TEST_ENGINE"
"""Path of the CLI and PULUMI_HOME of an engine to use instead of the resolved one, separated by a colon."""


def chosen_engine() -> Engine:
    """Return the engine of the test that started this process."""
    if value := os.environ.get(ENGINE_VARIABLE):
        path, home = value.split(":")
        return Engine(kind="built", version="0", path=Path(path), home=Path(home))
    user_home = Home.from_environment(os.environ)
    sources = Sources(machine=FakeMachine(), network=FakeNetwork(), builder=ModuleBuilder(home=user_home))
    return resolution.resolve(SilentProgress(), home=user_home, sources=sources)


def main(arguments: list[str]) -> int:
    """Run one operation, and print the outcome's conclusion and faults; return 0 if it succeeded."""
    name, root = arguments
    outcome = operation.run(
        Request(operation=Operation(name), stack="local"),
        chosen_engine(),
        SilentProgress(),
        project=Project(root=Path(root)),
        home=Home.from_environment(os.environ),
    )
    content = {"conclusion": outcome.conclusion, "faults": [str(fault) for fault in outcome.faults]}
    print(json.dumps(content))  # noqa: T201 - for the test that started us
    return int(not outcome.ok)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
