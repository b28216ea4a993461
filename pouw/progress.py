"""Progress of work that takes over two seconds: bars on a terminal, lines in a log, nothing in a test.

Library code takes a ``Progress`` and reports its steps. The command line alone decides how they are shown.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

_LINE_INTERVAL_SECONDS = 5.0


class Step(Protocol):
    """One piece of work in progress."""

    def update(self, note: str | None = None, *, completed: float | None = None, total: float | None = None) -> None:
        """Report the finished part of the work (``completed`` of ``total``, any unit) and the present activity."""


class Progress(Protocol):
    """The receiver of reports on work."""

    def step(self, title: str) -> AbstractContextManager[Step]:
        """Open a step. An exception that leaves it marks it as failed."""


class _SilentStep:
    def update(self, note: str | None = None, *, completed: float | None = None, total: float | None = None) -> None:
        del note, completed, total


class SilentProgress:
    """Progress that is not shown."""

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        del title
        yield _SilentStep()


class _LineStep:
    def __init__(self, title: str, out: TextIO) -> None:
        self._title, self._out = title, out
        self._last_text: str | None = None
        self._last = time.monotonic()

    def update(self, note: str | None = None, *, completed: float | None = None, total: float | None = None) -> None:
        now = time.monotonic()
        if now - self._last < _LINE_INTERVAL_SECONDS:
            return
        amount = f" {completed:.0f}/{total:.0f}" if completed is not None and total else ""
        if not (amount or note):
            return
        text = f"  {self._title}{amount}{': ' + note if note else ''}"
        if text != self._last_text:
            print(text, file=self._out, flush=True)
            self._last_text, self._last = text, now


class LineProgress:
    """One line at the end of a step, and at most one per five seconds while it runs: for logs and pipes."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        start = time.monotonic()
        try:
            yield _LineStep(title, self._out)
        except BaseException:
            print(f"  {title}: failed after {time.monotonic() - start:.1f} s", file=self._out, flush=True)
            raise
        print(f"  {title}: {time.monotonic() - start:.1f} s", file=self._out, flush=True)


class _BarStep:
    def __init__(self, bars: Bars, task: TaskID) -> None:
        self._bars, self._task = bars, task

    def update(self, note: str | None = None, *, completed: float | None = None, total: float | None = None) -> None:
        if note is not None:
            self._bars.update(self._task, note=note)
        if completed is not None or total is not None:
            self._bars.update(self._task, completed=completed, total=total)


class BarProgress:
    """A live bar per running step on a terminal; a finished step stays as one line with its time."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars

        self._bars = Bars(
            SpinnerColumn(finished_text="[green]done[/]"),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", style="dim", markup=False),
            console=Console(stderr=True),
        )
        self._open = 0
        # Steps run side by side in threads; the first one starts the display and the last one ends it.
        self._lock = threading.Lock()

    def _count(self, change: int) -> None:
        with self._lock:
            self._open += change
            if self._open == 1 and change == 1:
                self._bars.start()
            if self._open == 0:
                self._bars.stop()

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        self._count(1)
        task = self._bars.add_task(title, total=None, note="")
        try:
            yield _BarStep(self._bars, task)
        except BaseException:
            self._bars.update(task, description=f"{title}: failed")
            raise
        else:
            self._bars.update(task, total=1, completed=1, note="")
        finally:
            self._bars.stop_task(task)
            self._count(-1)


def make_progress(*, quiet: bool = False) -> Progress:
    """Return silent progress if ``quiet``, bars on a terminal, and lines elsewhere. All write to standard error."""
    if quiet:
        return SilentProgress()
    return BarProgress() if sys.stderr.isatty() else LineProgress()
