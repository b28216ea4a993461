"""Replacement of a process by a program that the kernel ends with its parent: ``parent_death.py PARENT_PID PROGRAM``.

A step of its own, because the request has to be made by the new process, and running Python between fork and exec is
not safe in a parent that has threads. Started with ``-I -S`` it costs some ten milliseconds.
"""

from __future__ import annotations

import os
import signal
import sys


def main(arguments: list[str]) -> None:
    """Bind this process to the parent, and become the program."""
    parent, program, *parameters = arguments
    if sys.platform.startswith("linux"):
        import ctypes

        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != int(parent):
            os._exit(1)  # the parent ended before the request
    os.execv(program, [program, *parameters])  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main(sys.argv[1:])
