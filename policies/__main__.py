"""The policy pack as a program. Building a pack serves it and never returns, so no module imports this file."""

from __future__ import annotations

import sys
from pathlib import Path


def serve() -> None:
    """Serve the pack until the engine stops it."""
    # An engine starts the pack from any directory with this one first on the path; its modules need their package.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

    from pulumi_policy import PolicyPack

    from policies.dispatch import Dispatcher, policies
    from policies.record import Record

    PolicyPack("pouw", policies(Dispatcher(Record.of_environment())))


if __name__ == "__main__":
    serve()
