"""Results of the pipeline as evidence: a JUnit file of the tests, ruff's and mypy's own output."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from infra.faults import Fault
from pouw.paths import REPOSITORY
from pouw.policy.evidence.store import EvidenceError, folder

LOCK = REPOSITORY / "requirements" / "control.lock"


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one step of the pipeline came to."""

    kind: str
    ok: bool
    summary: str
    file: str
    sha256: str


def of_file(kind: str, path: Path) -> Result:
    """Read a result file: ``tests`` (JUnit XML), ``lint`` (ruff, ``--output-format json``), ``types`` (mypy's text).

    Raises:
        EvidenceError: it cannot be read, or is none of that kind. A result that is not understood is no evidence.
    """
    try:
        data = path.read_bytes()
        ok, summary = _READERS[kind](data.decode())
    except (OSError, ValueError, ET.ParseError, AttributeError, TypeError) as error:
        raise EvidenceError(Fault(path=str(path), message=f"is no result of {kind}", got=str(error))) from error
    return Result(kind=kind, ok=ok, summary=summary, file=path.name, sha256=hashlib.sha256(data).hexdigest())


def add(result: Result) -> None:
    """Keep a result for the bundles to come; one of the same kind is replaced."""
    kept = {**load(), result.kind: result}
    path = folder() / "pipeline.json"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = path.with_suffix(".partial")
    made.write_text(json.dumps({kind: asdict(one) for kind, one in kept.items()}, indent=2), encoding="utf-8")
    made.replace(path)


def load() -> Mapping[str, Result]:
    """The results that are kept, by kind, and the lock file that stands for the parts list."""
    path = folder() / "pipeline.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    results = {kind: Result(**one) for kind, one in kept.items()}
    if LOCK.exists():
        results["lock"] = _lock(LOCK.read_bytes())
    return results


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


def _tests(text: str) -> tuple[bool, str]:
    root = ET.fromstring(text)  # noqa: S314 - the pipeline's own file, and expat refuses entities that grow
    suites = [root] if root.tag == "testsuite" else root.findall("testsuite")
    tests, bad = (sum(int(suite.get(key, 0)) for suite in suites for key in keys) for keys in _COUNTS)
    if not suites or tests == 0:
        raise ValueError("it tells of no test")
    return bad == 0, f"{tests} tests, {bad} failed"


_COUNTS = (("tests",), ("failures", "errors"))


def _lint(text: str) -> tuple[bool, str]:
    found = json.loads(text)
    if not isinstance(found, list):
        raise ValueError("ruff's JSON is a list")  # noqa: TRY004 - a reader has one way to refuse
    return not found, f"{len(found)} findings"


def _types(text: str) -> tuple[bool, str]:
    last = text.strip().splitlines()[-1] if text.strip() else ""
    if not last.startswith(("Success: ", "Found ")):
        raise ValueError("its last line is not mypy's")
    return last.startswith("Success: "), last


_READERS: Mapping[str, Callable[[str], tuple[bool, str]]] = {"tests": _tests, "lint": _lint, "types": _types}
KINDS = tuple(_READERS)
