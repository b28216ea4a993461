"""What a bundle holds of one run."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import yaml

from pouw.engine.resolution import Engine
from pouw.evidence import checkout, pipeline, store
from pouw.evidence.chain import Entry
from pouw.gate import frameworks
from pouw.gate.evaluation import Gate, Judged
from pouw.gate.frameworks import State
from pouw.gate.plan import Plan

_UNSHOWN = frozenset({State.NOT_SHOWN, State.OUT_OF_REACH})


def keep(judged: Judged, gate: Gate, engine: Engine, *, at: datetime | None = None, example: bool = False) -> Path:
    """Write the bundle of a run; its path. ``at`` is when the run ended; an example's are kept apart from a stack's."""
    name, commit = store.example(gate.stack) if example else gate.stack, checkout.commit()
    run = Entry(
        kind="run",
        body={**_run(judged, gate, engine, at or datetime.now(UTC)), "commit": commit, "example": example},
    )
    return store.add(name, run, list(_rest(judged, gate, pipeline.load(name, commit))))


def _run(judged: Judged, gate: Gate, engine: Engine, at: datetime) -> Mapping[str, Any]:
    outcome = judged.outcome
    return {
        "schema": 1,
        "stack": gate.stack,
        "environment": gate.config.environment,
        "operation": outcome.operation,
        "at": at.isoformat(timespec="seconds"),
        "exit_code": int(outcome.exit_code),
        "plan": judged.plan.digest,
        "versions": _versions(gate, engine),
        "frameworks": {path.stem: _sha256(path) for path in sorted(frameworks.FOLDER.rglob("*.yaml"))},
    }


def _rest(judged: Judged, gate: Gate, results: Mapping[str, pipeline.Result]) -> Iterator[Entry]:
    outcome, verdict = judged.outcome, judged.verdict
    for change in outcome.resources:
        yield Entry(kind="change", body={**asdict(change), "properties": list(change.properties)})
    for rule, urns in sorted(verdict.passed.items()):
        yield Entry(kind="passed", body={"rule": rule, "resources": sorted(urns)})
    for remedy in verdict.remedies:
        yield Entry(kind="remedy", body=asdict(remedy))
    for finding in verdict.findings:
        yield Entry(kind="finding", body={**asdict(finding), **_position(judged.plan, finding.urn)})
    for waiver in gate.waivers:
        yield Entry(kind="waiver", body=waiver.model_dump(mode="json"))
    for result in results.values():
        yield Entry(kind="pipeline", body=asdict(result))
    for control in frameworks.matrix(verdict, {kind: one.ok for kind, one in results.items()}):
        if control.state not in _UNSHOWN:
            yield Entry(kind="control", body=asdict(control))
    yield Entry(
        kind="verdict",
        body={
            "red": verdict.red,
            "advisory": verdict.advisory,
            "summary": verdict.summary(),
            "gaps": list(verdict.gaps),
            "waiver_faults": [str(fault) for fault in verdict.waiver_faults],
        },
    )


def _position(plan: Plan, urn: str) -> Mapping[str, Any]:
    position = plan.positions.get(urn)
    return {"file": position.file, "line": position.line} if position else {"file": "", "line": 0}


def _versions(gate: Gate, engine: Engine) -> Mapping[str, str]:
    pack = yaml.safe_load((gate.pack / "PulumiPolicy.yaml").read_text(encoding="utf-8"))
    installed = {
        name: one.version
        for one in metadata.distributions()
        if (name := one.name.lower()).startswith(("pulumi", "pouw"))
    }
    return {
        **dict(sorted(installed.items())),
        "engine": f"{engine.version} ({engine.kind})",
        "pack": str(pack.get("version", "")),
        "python": platform.python_version(),
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
