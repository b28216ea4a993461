"""Documented commands by the test that runs them, or by the reason why none can."""

from __future__ import annotations

from enum import Enum
from pathlib import PurePath

from tests.docs.fences import Command

_REHEARSALS = frozenset({"up", "down", "refresh", "preview"})
_OTHER_PROGRAMS = frozenset(
    {"az", "gcloud", "aws", "kubectl", "docker", "gh", "openssl", "pulumi", "ctr", "curl", "kind", "helm", "pip"}
)
_SHELL = frozenset({"mkdir", "for", "done", "cd", "cp", "export", "#", "$EDITOR"})


class Kind(Enum):
    """The place where a command is run."""

    ENGINE = "by tests/docs/test_commands_engine.py, on the real engine and without an account"
    NETWORK = "by tests/network/test_first_steps.py, on the embedded cluster"
    SETUP = "before the tests: the Makefile's own targets"
    BENCH = "by hand: measurements take minutes"
    ACCOUNT = "against a real cloud or with a real secret; the options are checked"
    FOREIGN = "another program"


def kind(command: Command) -> Kind | None:
    """Return the place where a command is run; ``None`` where nothing is planned for it."""
    words = list(command.words)
    if not words:
        return Kind.FOREIGN if command.text.startswith("#") else None
    program = PurePath(words[0]).name
    if "=" in words[0] or program in _OTHER_PROGRAMS or program in _SHELL or program == "pouw-node":
        return Kind.FOREIGN
    if program == "make":
        return Kind.NETWORK if words[1] in {"up", "down"} else Kind.SETUP
    if words[:3] == ["python", "-m", "pytest"]:
        return Kind.SETUP
    if program == "python":
        return Kind.BENCH if words[1:2] == ["-m"] else None
    if program != "pouw":
        return None
    return _of_pouw(words[1:])


def _of_pouw(words: list[str]) -> Kind:
    name, options = words[0], set(words)
    stack = next((word for word in words[1:] if not word.startswith("-")), "local")
    if name in {"preview", "policy", "rehearsal"} or (name in _REHEARSALS and "--rehearse" in options):
        return Kind.ACCOUNT if "evidence" in options or "--bundle" in options else Kind.ENGINE
    if name == "doctor" or "--dry-run" in options:
        return Kind.ENGINE
    if name in {"status", "task", "cluster", "image", "up", "down"} and stack not in {"staging", "production"}:
        return Kind.NETWORK
    return Kind.ACCOUNT
