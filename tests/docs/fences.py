"""Commands in the fenced blocks of pages: where they are, and what program each of them runs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pouw.paths import REPOSITORY

_PROGRAMS = {".venv/bin/pouw": "pouw", ".venv/bin/python": "python", ".venv/bin/pouw-node": "pouw-node"}


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command line of a page."""

    page: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text}"

    @property
    def words(self) -> Sequence[str]:
        """The words of the command with its program by its plain name; none for a line of a script."""
        try:
            words = shlex.split(self.text, comments=True)
        except ValueError:
            return ()
        return [_PROGRAMS.get(words[0], words[0]), *words[1:]] if words else ()


def pages() -> Sequence[Path]:
    """Return the README and every page below ``docs``, by path."""
    return [
        REPOSITORY / "README.md",
        REPOSITORY / "CONTRIBUTING.md",
        *sorted(path for path in (REPOSITORY / "docs").rglob("*.md")),
    ]


def commands(path: Path) -> Iterator[Command]:
    """Yield the commands in blocks that are marked ``sh``, continuation lines joined."""
    page, language, pending, start = path.relative_to(REPOSITORY).as_posix(), "", "", 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if fence := re.match(r"\s*```(\w*)", line):
            language = "" if language else fence[1] or "text"
        elif language == "sh" and line.strip():
            start = start if pending else number
            pending += line.strip()
            if pending.endswith("\\"):
                pending = pending[:-1]
                continue
            yield Command(page=page, line=start, text=pending)
            pending = ""


def every_command() -> Sequence[Command]:
    """Return the commands of all pages."""
    return [command for path in pages() for command in commands(path)]


def stack_files(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the stack files that a page shows: a YAML block below a line that is only the file's name."""
    pattern = r"^`(Pulumi\.[a-z-]+\.yaml)`:\n\n```yaml\n(.*?)^```"
    yield from re.findall(pattern, path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
