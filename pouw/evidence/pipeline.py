"""Results of the pipeline as evidence: what its tools wrote, read back and not taken on trust.

A result is about the commit that it was added at, and counts for runs on that commit alone. A file that is not there
is a step that did not come to its end, which is a bad result and not a missing one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from infra.faults import Fault
from pouw.evidence import scans
from pouw.evidence.store import EvidenceError, folder
from pouw.paths import REPOSITORY

LOCK = REPOSITORY / "requirements" / "control.lock"
_SCHEMA = 2


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one step of the pipeline came to."""

    kind: str
    ok: bool
    summary: str
    file: str
    """Names of the files that were read, in order."""
    sha256: str
    """Of their bytes, one after the other."""
    commit: str = ""
    stacks: Sequence[str] = ()
    """Stacks that it is about; none stands for all."""


def of_files(kind: str, paths: Sequence[Path], commit: str) -> Result:
    """Read what a step wrote: all of it has to be good.

    ``tests`` are JUnit XML, ``lint`` is ruff's JSON, ``types`` mypy's text, ``scan`` SARIF 2.1.0 or pip-audit's JSON,
    ``drift`` the document of `pouw refresh --json` or `pouw preview --json`.

    Raises:
        EvidenceError: a file is none of that kind. A result that is not understood is no evidence.
    """
    found: list[Read] = []
    digest = hashlib.sha256()
    for path in paths:
        if not path.exists():
            found.append(Read(ok=False, summary=f"{path.name} is missing: the step did not come to its end"))
            continue
        try:
            data = path.read_bytes()
            found.append(_READERS[kind](data.decode()))
        except (OSError, ValueError, ET.ParseError, LookupError, AttributeError, TypeError) as error:
            raise EvidenceError(Fault(path=str(path), message=f"is no result of {kind}", got=str(error))) from error
        digest.update(data)
    return Result(
        kind=kind,
        ok=all(one.ok for one in found),
        summary="; ".join(one.summary for one in found),
        file=" ".join(path.name for path in paths),
        sha256=digest.hexdigest(),
        commit=commit,
        stacks=sorted({stack for one in found for stack in one.stacks}),
    )


def add(result: Result) -> None:
    """Keep a result for the bundles to come; one of the same kind is replaced."""
    kept = {**_kept(), result.kind: result}
    path = folder() / "pipeline.json"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = path.with_suffix(".partial")
    document = {"schema": _SCHEMA, "results": [asdict(one) for one in kept.values()]}
    made.write_text(json.dumps(document, indent=2), encoding="utf-8")
    made.replace(path)


def load(stack: str, commit: str) -> Mapping[str, Result]:
    """The results that count for a run, by kind, and the lock file that stands for the parts list."""
    results = {
        kind: one for kind, one in _kept().items() if one.commit == commit and (not one.stacks or stack in one.stacks)
    }
    if LOCK.exists():
        results["lock"] = _lock(LOCK.read_bytes())
    return results


def _kept() -> dict[str, Result]:
    path = folder() / "pipeline.json"
    document = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    # What an earlier version kept says of no commit, and so counts for none.
    listed = document["results"] if document.get("schema") == _SCHEMA else []
    return {one["kind"]: Result(**one) for one in listed}


def _lock(data: bytes) -> Result:
    pinned = sum(1 for line in data.splitlines() if b"==" in line and not line.startswith((b" ", b"#")))
    hashed = data.count(b"--hash=sha256:")
    ok = 0 < pinned <= hashed
    return Result(
        kind="lock",
        ok=ok,
        summary=f"{pinned} distributions pinned, {hashed} hashes",
        file="requirements/control.lock",
        sha256=hashlib.sha256(data).hexdigest(),
    )


@dataclass(frozen=True, kw_only=True)
class Read:
    """What one file says."""

    ok: bool
    summary: str
    stacks: Sequence[str] = ()


def _tests(text: str) -> Read:
    root = ET.fromstring(text)  # noqa: S314 - the pipeline's own file, and expat refuses entities that grow
    suites = [root] if root.tag == "testsuite" else root.findall("testsuite")
    tests, bad = (sum(int(suite.get(key, 0)) for suite in suites for key in keys) for keys in _COUNTS)
    if not suites or tests == 0:
        raise ValueError("it tells of no test")
    return Read(ok=bad == 0, summary=f"{tests} tests, {bad} failed")


_COUNTS = (("tests",), ("failures", "errors"))


def _lint(text: str) -> Read:
    found = json.loads(text)
    if not isinstance(found, list):
        raise ValueError("ruff's JSON is a list")  # noqa: TRY004 - a reader has one way to refuse
    return Read(ok=not found, summary=f"{len(found)} findings")


def _types(text: str) -> Read:
    last = text.strip().splitlines()[-1] if text.strip() else ""
    if not last.startswith(("Success: ", "Found ")):
        raise ValueError("its last line is not mypy's")
    return Read(ok=last.startswith("Success: "), summary=last)


def _scan(text: str) -> Read:
    ok, summary = scans.read(json.loads(text))
    return Read(ok=ok, summary=summary)


def _drift(text: str) -> Read:
    document: Any = json.loads(text)
    if document.get("schema") != 1 or not document["stacks"]:
        raise ValueError("it is no document of a refresh or a preview")
    moved = {one["name"]: sum(one[key] for key in _MOVES) for one in document["stacks"]}
    bad = [name for name, count in moved.items() if count]
    failed = [one["name"] for one in document["stacks"] if not one["ok"]]
    said = [f"{name} differs in {moved[name]} resources" for name in bad] + [f"{name} failed" for name in failed]
    return Read(ok=not said, summary=", ".join(said) or "no difference", stacks=sorted(moved))


_MOVES = ("create", "update", "replace", "delete")
_READERS: Mapping[str, Callable[[str], Read]] = {
    "tests": _tests,
    "lint": _lint,
    "types": _types,
    "scan": _scan,
    "drift": _drift,
}
KINDS = tuple(_READERS)
