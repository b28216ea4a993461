"""One rehearsal in its own process, for tests that kill it: ``python -m tests.run.rehearsed_run up PROJECT``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pouw.engine.operation import Operation
from pouw.engine.project import Project
from pouw.home import Home
from pouw.progress import SilentProgress
from pouw.run.rehearsal import Rehearsal
from pouw.run.result import exit_code
from tests.engine.single_run import chosen_engine


def main(arguments: list[str]) -> int:
    """Run the operation, and return its exit code."""
    operation, root = arguments
    rehearsal = Rehearsal.of("local", Home.from_environment(os.environ), Project(root=Path(root)))
    return exit_code(rehearsal.run(Operation(operation), SilentProgress(), engine=chosen_engine()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
