"""The engine as a child process: its event stream, its interrupt and its end."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType

from pouw.engine.events import Event, parse
from pouw.engine.outcome import Ending

_PARENT_DEATH = Path(__file__).with_name("parent_death.py")
_CHUNK_BYTES = 1 << 16
_TAIL_CHUNKS = 16
_GRACE_SECONDS = 5.0
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """One call of the CLI."""

    program: Path
    arguments: Sequence[str]
    directory: Path
    environment: Mapping[str, str]


def bound_to_parent(invocation: Invocation) -> list[str]:
    """Return the command line of a program that the kernel ends with this process."""
    return [
        sys.executable,
        "-I",
        "-S",
        str(_PARENT_DEATH),
        str(os.getpid()),
        str(invocation.program),
        *invocation.arguments,
    ]


def query(invocation: Invocation, *, text: str = "", inherits: Sequence[int] = ()) -> subprocess.CompletedProcess[str]:
    """Run a short command to its end, and return its output and status."""
    return subprocess.run(
        bound_to_parent(invocation),
        cwd=invocation.directory,
        env=dict(invocation.environment),
        input=text,
        capture_output=True,
        pass_fds=tuple(inherits),
        text=True,
        check=False,
        start_new_session=True,
    )


def run(
    invocation: Invocation,
    *,
    on_event: Callable[[Event], None],
    on_output: Callable[[bytes], None] = lambda _: None,
    on_start: Callable[[int], None] = lambda _: None,
    on_interrupt: Callable[[], None] = lambda: None,
    inherits: Sequence[int] = (),
    scratch: Path,
    halt: Halt | None = None,
) -> Ending:
    """Run a long command with its event stream. Every event is passed on in order before this function returns.

    ``scratch`` is a folder that no other run uses: the events pass through a named pipe in it.

    In the main thread an interrupt, a hang-up or a termination is passed on: the engine stops its work and writes its
    state. A second one stops it at once, and a third one kills it. ``halt`` does the same for a run in another thread.
    """
    start = time.monotonic()
    with _event_pipe(scratch) as (path, events):
        arguments = [*invocation.arguments, "--event-log", str(path)]
        environment = {**invocation.environment, "PULUMI_DEBUG_COMMANDS": "true"}
        process = subprocess.Popen(
            bound_to_parent(replace(invocation, arguments=arguments)),
            cwd=invocation.directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=tuple(inherits),
            # A session of its own: a terminal's Ctrl-C reaches only this process, which passes it on.
            start_new_session=True,
        )
        stop = _Stop(process=process, notice=on_interrupt)
        try:
            on_start(process.pid)
            with stop.on_signals() if halt is None else halt.reaching(stop):
                output = _attend(process, _Lines(handle=events, hand_on=on_event), on_output)
                status = process.wait()
        finally:
            _end(process)
    return Ending(status=status, interrupted=stop.requests > 0, seconds=time.monotonic() - start, output=output)


@contextmanager
def _event_pipe(folder: Path) -> Iterator[tuple[Path, int]]:
    """Create a named pipe for the engine's events. This process holds both ends, so opening it never blocks."""
    path = folder / "events"
    path.unlink(missing_ok=True)  # left behind by a killed run
    os.mkfifo(path, 0o600)
    handle = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        yield path, handle
    finally:
        os.close(handle)
        path.unlink(missing_ok=True)


@dataclass(kw_only=True)
class _Lines:
    """Lines of the pipe, parsed into events."""

    handle: int
    hand_on: Callable[[Event], None]
    _partial: bytes = b""

    def drain(self) -> None:
        """Pass on every event that the pipe holds."""
        while True:
            try:
                data = os.read(self.handle, _CHUNK_BYTES)
            except BlockingIOError:
                return
            *lines, self._partial = (self._partial + data).split(b"\n")
            for line in lines:
                if line and (event := parse(line)) is not None:
                    self.hand_on(event)


def _attend(process: subprocess.Popen[bytes], lines: _Lines, on_output: Callable[[bytes], None]) -> str:
    """Read events and output until the engine closes its output; return the tail of that."""
    if process.stdout is None:
        raise RuntimeError("a process that was asked for a pipe has none")
    tail: deque[bytes] = deque(maxlen=_TAIL_CHUNKS)
    with selectors.DefaultSelector() as ready:
        ready.register(lines.handle, selectors.EVENT_READ)
        ready.register(process.stdout, selectors.EVENT_READ)
        is_open = True
        while is_open:
            for key, _ in ready.select():
                if key.fileobj is process.stdout:
                    data = os.read(key.fd, _CHUNK_BYTES)
                    is_open = bool(data)
                    tail.append(data)
                    on_output(data)
                else:
                    lines.drain()
    lines.drain()
    return b"".join(tail).decode(errors="replace")


@dataclass(kw_only=True, eq=False)
class _Stop:
    """Requests to stop a run: the first two interrupt it, the third kills it."""

    process: subprocess.Popen[bytes]
    notice: Callable[[], None]
    requests: int = field(default=0, init=False)

    def ask(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.requests += 1
        is_first_or_second = self.requests <= 2
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGINT if is_first_or_second else signal.SIGKILL)
        if self.requests == 1:
            self.notice()

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        with _handled(self.ask):
            yield


class Halt:
    """A stop of the runs of several threads: a signal reaches only the main thread."""

    def __init__(self) -> None:
        self.is_requested = False
        """True after the first request: a run that has not started should not start."""
        self._stops: set[_Stop] = set()
        self._lock = threading.RLock()  # a second signal may come while the first is passed on

    def ask(self, number: int = signal.SIGINT, frame: FrameType | None = None) -> None:
        """Request a stop of every run. The second request stops them at once, the third kills them."""
        self.is_requested = True
        with self._lock:
            stops = list(self._stops)
        for stop in stops:
            stop.ask(number, frame)

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Let an interrupt, a hang-up or a termination of the main thread request a stop."""
        with _handled(self.ask):
            yield

    @contextmanager
    def reaching(self, stop: _Stop) -> Iterator[None]:
        """Stop this run with the others. A run that starts after the request is stopped at once."""
        with self._lock:
            self._stops.add(stop)
        if self.is_requested:
            stop.ask(signal.SIGINT, None)
        try:
            yield
        finally:
            with self._lock:
                self._stops.discard(stop)


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread only; the caller of another thread decides how a run ends
        return
    before = {number: signal.signal(number, handler) for number in _STOPPING}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the engine after any error. The plugins end with it."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()
