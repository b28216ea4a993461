"""Results of the pipeline as evidence, read from the files that its tools wrote.

A result belongs to the commit at which it was added, and counts only for runs on that commit. A missing file means
that its step did not complete, so it is a failed result and not a missing one.
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
from pouw.evidence.store import EvidenceError, EvidenceStore
from pouw.files import write_private
from pouw.paths import REPOSITORY

LOCK = REPOSITORY / "requirements" / "control.lock"
_SCHEMA = 2


@dataclass(frozen=True, kw_only=True)
class PipelineResult:
    """The result of one step of the pipeline."""

    kind: str
    ok: bool
    summary: str
    file: str
    """Names of the files that were read, in order."""
    sha256: str
    """SHA-256 of the files' contents, concatenated."""
    commit: str = ""
    stacks: Sequence[str] = ()
    """Stacks that the result is about; empty means all stacks."""


def read(kind: str, paths: Sequence[Path], commit: str) -> PipelineResult:
    """Return the result of a step from the files that it wrote; it succeeds if all of them do.

    ``tests`` are JUnit XML, ``lint`` is ruff's JSON, ``types`` mypy's text, ``scan`` SARIF 2.1.0 or pip-audit's JSON,
    ``drift`` the document of `pouw refresh --json` or `pouw preview --json`.

    Raises:
        EvidenceError: a file does not have the format of that kind.
    """
    contents: list[FileResult] = []
    digest = hashlib.sha256()
    for path in paths:
        if not path.exists():
            contents.append(FileResult(ok=False, summary=f"{path.name} is missing: the step did not complete"))
            continue
        try:
            data = path.read_bytes()
            contents.append(_READERS[kind](data.decode()))
        except (OSError, ValueError, ET.ParseError, LookupError, AttributeError, TypeError) as error:
            raise EvidenceError(Fault(path=str(path), message=f"is not a result of {kind}", got=str(error))) from error
        digest.update(data)
    return PipelineResult(
        kind=kind,
        ok=all(content.ok for content in contents),
        summary="; ".join(content.summary for content in contents),
        file=" ".join(path.name for path in paths),
        sha256=digest.hexdigest(),
        commit=commit,
        stacks=sorted({stack for content in contents for stack in content.stacks}),
    )


def add(result: PipelineResult, evidence: EvidenceStore) -> None:
    """Store a result for later bundles, in place of an earlier one of the same kind."""
    results = {**_stored(evidence), result.kind: result}
    document = {"schema": _SCHEMA, "results": [asdict(entry) for entry in results.values()]}
    evidence.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(_file(evidence), json.dumps(document, indent=2))


def load(stack: str, commit: str, evidence: EvidenceStore) -> Mapping[str, PipelineResult]:
    """Return the results that count for a run, by kind, and the lock file as the list of parts."""
    results = {
        kind: result
        for kind, result in _stored(evidence).items()
        if result.commit == commit and (not result.stacks or stack in result.stacks)
    }
    if LOCK.exists():
        results["lock"] = _lock(LOCK.read_bytes())
    return results


def _file(evidence: EvidenceStore) -> Path:
    return evidence.folder / "pipeline.json"


def _stored(evidence: EvidenceStore) -> dict[str, PipelineResult]:
    path = _file(evidence)
    document = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    # Results of an earlier schema name no commit, so they count for none.
    entries = document["results"] if document.get("schema") == _SCHEMA else []
    return {entry["kind"]: PipelineResult(**entry) for entry in entries}


def _lock(data: bytes) -> PipelineResult:
    pins = sum(1 for line in data.splitlines() if b"==" in line and not line.startswith((b" ", b"#")))
    hashes = data.count(b"--hash=sha256:")
    return PipelineResult(
        kind="lock",
        ok=0 < pins <= hashes,
        summary=f"{pins} distributions pinned, {hashes} hashes",
        file="requirements/control.lock",
        sha256=hashlib.sha256(data).hexdigest(),
    )


@dataclass(frozen=True, kw_only=True)
class FileResult:
    """The result in one file."""

    ok: bool
    summary: str
    stacks: Sequence[str] = ()


def _tests(text: str) -> FileResult:
    root = ET.fromstring(text)  # noqa: S314 - the pipeline's own file, and expat refuses entities that grow
    suites = [root] if root.tag == "testsuite" else root.findall("testsuite")
    tests, failures = (sum(int(suite.get(key, 0)) for suite in suites for key in keys) for keys in _COUNTS)
    if not suites or tests == 0:
        raise ValueError("the file has no test")
    return FileResult(ok=failures == 0, summary=f"{tests} tests, {failures} failed")


_COUNTS = (("tests",), ("failures", "errors"))


def _lint(text: str) -> FileResult:
    findings = json.loads(text)
    if not isinstance(findings, list):
        raise ValueError("ruff's JSON is a list")  # noqa: TRY004 - every reader raises the same error
    return FileResult(ok=not findings, summary=f"{len(findings)} findings")


def _types(text: str) -> FileResult:
    last_line = text.strip().splitlines()[-1] if text.strip() else ""
    if not last_line.startswith(("Success: ", "Found ")):
        raise ValueError("the last line is not mypy's")
    return FileResult(ok=last_line.startswith("Success: "), summary=last_line)


def _scan(text: str) -> FileResult:
    ok, summary = scans.read(json.loads(text))
    return FileResult(ok=ok, summary=summary)


def _drift(text: str) -> FileResult:
    document: Any = json.loads(text)
    if document.get("schema") != 1 or not document["stacks"]:
        raise ValueError("the file is not a document of a refresh or a preview")
    differences = {stack["name"]: sum(stack[key] for key in _CHANGES) for stack in document["stacks"]}
    summaries = [f"{name} differs in {count} resources" for name, count in differences.items() if count]
    summaries += [f"{stack['name']} failed" for stack in document["stacks"] if not stack["ok"]]
    return FileResult(ok=not summaries, summary=", ".join(summaries) or "no difference", stacks=sorted(differences))


_CHANGES = ("create", "update", "replace", "delete")
_READERS: Mapping[str, Callable[[str], FileResult]] = {
    "tests": _tests,
    "lint": _lint,
    "types": _types,
    "scan": _scan,
    "drift": _drift,
}
KINDS = tuple(_READERS)
