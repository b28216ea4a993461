"""Faults of our providers and programs as data, beside the diagnostics that the engine prints.

The engine carries a fault as one text. The process that finds the fault appends a line to a file in the run's private
folder, named by an environment variable, and the run joins both: by the resource's URN, and by the text, which has to
be in the engine's own message. So nothing is reported that the engine replaced as a secret.

Official providers append nothing, and their messages stay whole.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.faults import Fault

VARIABLE = "POUW_FAULT_LOG"
"""Path of the file. Only a run of ours sets it; ``language/execution.py`` repeats the name."""
FILE_NAME = "faults"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One fault, with the resource that it concerns and the text that the engine was given for it."""

    resource: str
    """URN; empty for a fault of the program."""
    text: str
    fault: Fault


def append(entries: Iterable[Entry], environment: Mapping[str, str] = os.environ) -> None:
    """Append entries to the log of the run that this process belongs to; without a run, do nothing."""
    path = environment.get(VARIABLE)
    lines = "".join(
        json.dumps({"resource": entry.resource, "text": entry.text, **asdict(entry.fault)}) + "\n" for entry in entries
    )
    if not path or not lines:
        return
    # One write at the end of the file, so that lines of several plugins never mix.
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.write(handle, lines.encode())
    finally:
        os.close(handle)


@contextmanager
def open_log(folder: Path) -> Iterator[Path]:
    """Yield the path of an empty log in a folder that no other run uses, and remove it at the end."""
    path = folder / FILE_NAME
    path.unlink(missing_ok=True)  # left behind by a killed run
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def read(path: Path) -> Sequence[Entry]:
    """Return the entries of a log. A line that a killed process cut short is left out."""
    if not path.exists():
        return []
    return [entry for line in path.read_text(encoding="utf-8").splitlines() if (entry := _entry(line)) is not None]


def matches(entries: Iterable[Entry], resource: str, message: str) -> Sequence[Entry]:
    """Return the entries that a message of the engine about a resource is made of, in the order of the message.

    An entry whose text is only part of another's is the other one's.
    """
    spans: dict[str, tuple[int, Entry]] = {}
    for entry in entries:
        start = message.find(entry.text)
        if entry.resource == resource and entry.text and start >= 0:
            spans[entry.text] = (start, entry)
    outer = [
        (start, entry)
        for text, (start, entry) in spans.items()
        if not any(text != longer and text in longer for longer in spans)
    ]
    return [entry for _, entry in sorted(outer, key=lambda span: span[0])]


def _entry(line: str) -> Entry | None:
    try:
        content = json.loads(line)
        resource, text = content.pop("resource"), content.pop("text")
        return Entry(resource=resource, text=text, fault=Fault(**content))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
