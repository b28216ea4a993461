"""A provider's process: serve on a loopback port, print the port, end when the engine does.

The engine starts a plugin in a process group of its own and holds its standard input as a pipe. An interrupt
is therefore never the user's Ctrl-C but the engine closing the plugin, and the end of standard input is the engine's.
"""

from __future__ import annotations

import os
import signal
import stat
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from queue import SimpleQueue
from typing import Final, Protocol

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2_grpc

LARGEST_MESSAGE_BYTES: Final = 400 * 1024 * 1024
"""The limit of the engine."""
CONCURRENT_CALLS: Final = 256
"""Calls that wait (for pods, for deletions) hold a thread each; the engine starts as many as ``--parallel`` says."""
_OPTIONS: Final = (
    ("grpc.max_receive_message_length", LARGEST_MESSAGE_BYTES),
    ("grpc.max_send_message_length", LARGEST_MESSAGE_BYTES),
)


class Severity(Enum):
    """The severity of a line of the log."""

    DEBUG = engine_pb2.LogSeverity.DEBUG
    INFO = engine_pb2.LogSeverity.INFO
    WARNING = engine_pb2.LogSeverity.WARNING
    ERROR = engine_pb2.LogSeverity.ERROR


class Log(Protocol):
    """The messages of a provider to the user."""

    def line(self, severity: Severity, text: str, urn: str) -> None:
        """Print a line that stays; ``urn`` is the resource that it belongs to, or empty."""

    def status(self, text: str, urn: str, *, severity: Severity = Severity.INFO) -> None:
        """Show the progress of a resource until the next status replaces it. An empty text clears it."""


class EngineLog:
    """The engine's log. An engine that has ended is not an error, because no operation fails for a log line."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address, options=_OPTIONS) if address else None
        self._engine = engine_pb2_grpc.EngineStub(self._channel) if self._channel else None

    def line(self, severity: Severity, text: str, urn: str) -> None:
        """Implement :class:`Log`."""
        self._send(severity, text, urn, ephemeral=False)

    def status(self, text: str, urn: str, *, severity: Severity = Severity.INFO) -> None:
        """Implement :class:`Log`."""
        self._send(severity, text, urn, ephemeral=True)

    def _send(self, severity: Severity, text: str, urn: str, *, ephemeral: bool) -> None:
        if self._engine is None:
            return
        request = engine_pb2.LogRequest(severity=severity.value, message=text, urn=urn, ephemeral=ephemeral)
        try:
            self._engine.Log(request, timeout=5)
        except grpc.RpcError:
            return


def start(servicer: provider_pb2_grpc.ResourceProviderServicer, *, port: int = 0) -> tuple[grpc.Server, int]:
    """Start a server on loopback; return it and its port."""
    pool = ThreadPoolExecutor(max_workers=CONCURRENT_CALLS, thread_name_prefix="call")
    server = grpc.server(pool, options=_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server, bound


def run(servicer: provider_pb2_grpc.ResourceProviderServicer, *, ending: Callable[[], None]) -> None:
    """Serve until the engine closes the plugin or ends. ``ending`` is called first and ends calls that wait."""
    server, port = start(servicer)
    # A queue, for its put may interrupt its get; an event's lock is not taken twice by one thread.
    end: SimpleQueue[None] = SimpleQueue()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: end.put(None))
    if stat.S_ISFIFO(os.fstat(0).st_mode):
        threading.Thread(target=_await_end_of_input, args=(end,), daemon=True).start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    end.get()
    ending()
    server.stop(grace=None)
    sys.stdout.flush()
    # Threads of calls that the engine abandoned must not hold the process, because no client reads their responses.
    os._exit(0)


def _await_end_of_input(end: SimpleQueue[None]) -> None:
    while os.read(0, 4096):
        pass
    end.put(None)
