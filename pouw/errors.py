"""The exit codes of commands, and the error that carries faults to the command line, which prints them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from infra.faults import Fault


class ExitCode(IntEnum):
    """Exit codes of ``pouw``; scripts may rely on them."""

    OK = 0
    FAILED = 1
    """The operation failed."""
    USAGE = 2
    """The command line itself is wrong."""
    CONFIGURATION = 3
    """Stack configuration is missing or invalid; nothing was started."""
    ENGINE = 4
    """No engine, or the engine refused or failed."""
    CLUSTER = 5
    """The cluster cannot be started or reached."""
    POLICY = 6
    """A compliance gate is red."""
    TIMEOUT = 7
    """Something did not become ready in time."""
    BUSY = 8
    """Another run holds the lock."""
    INTERRUPTED = 130


class PouwError(Exception):
    """An expected failure. Printed as its faults, without a traceback, and turned into ``code``."""

    code: ExitCode = ExitCode.FAILED

    def __init__(self, *faults: Fault, code: ExitCode | None = None) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults: Sequence[Fault] = faults
        if code is not None:
            self.code = code


class ConfigurationError(PouwError):
    """The files of a stack are missing or wrong; nothing was started."""

    code = ExitCode.CONFIGURATION


class ToolchainError(PouwError):
    """A program that pouw builds or installs is not available."""


class EngineError(PouwError):
    """The engine cannot be found, built or run, or it failed."""

    code = ExitCode.ENGINE


class ClusterError(PouwError):
    """The embedded cluster cannot be started, reached or cleaned up."""

    code = ExitCode.CLUSTER
