"""One rehearsal in a process of its own, to be killed: ``python -m tests.run.rehearsed_run up PROJECT``."""

from __future__ import annotations

import sys
from pathlib import Path

from pouw.engine.operation import Operation
from pouw.engine.project import Project
from pouw.progress import SilentProgress
from pouw.run.rehearsal import Rehearsal
from tests.engine.single_run import chosen_engine


def main(arguments: list[str]) -> int:
    """Run; the outcome's code."""
    what, root = arguments
    rehearsal = Rehearsal.of("local", Project(root=Path(root)))
    return rehearsal.run(Operation(what), SilentProgress(), engine=chosen_engine()).exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
