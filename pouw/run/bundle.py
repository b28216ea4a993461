"""The bundle of one run: the entries that the evidence log holds of it."""

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
from pouw.evidence import checkout, pipeline_results
from pouw.evidence.chain import Entry
from pouw.evidence.pipeline_results import PipelineResult
from pouw.evidence.store import EvidenceStore, example_name
from pouw.gate import frameworks
from pouw.gate.frameworks import State
from pouw.gate.preview_plan import Plan
from pouw.gate.stack_policy import StackPolicy
from pouw.gate.verdict import Verdict
from pouw.run.result import Result, exit_code

_UNSHOWN = frozenset({State.NOT_SHOWN, State.OUT_OF_REACH})


def record(
    result: Result, policy: StackPolicy, engine: Engine, evidence: EvidenceStore, *, ended_at: datetime | None = None
) -> Path:
    """Write the bundle of a run and return its path. Bundles of examples are apart from those of stacks."""
    name, commit = example_name(policy.stack) if result.is_example else policy.stack, checkout.commit()
    run = Entry(kind="run", body={**_run(result, policy, engine, ended_at or datetime.now(UTC)), "commit": commit})
    results = pipeline_results.load(name, commit, evidence)
    return evidence.add(name, run, list(_entries(result, policy, results)))


def _run(result: Result, policy: StackPolicy, engine: Engine, ended_at: datetime) -> Mapping[str, Any]:
    return {
        "schema": 1,
        "stack": policy.stack,
        "environment": policy.config.environment,
        "operation": result.operation.value,
        "at": ended_at.isoformat(timespec="seconds"),
        "exit_code": int(exit_code(result)),
        "plan": result.plan.digest,
        "versions": _versions(policy, engine),
        "frameworks": {path.stem: _sha256(path) for path in sorted(frameworks.FOLDER.rglob("*.yaml"))},
        "example": result.is_example,
    }


def _entries(result: Result, policy: StackPolicy, results: Mapping[str, PipelineResult]) -> Iterator[Entry]:
    for change in result.outcome.resources:
        yield Entry(kind="change", body={**asdict(change), "properties": list(change.properties)})
    for waiver in policy.waivers:
        yield Entry(kind="waiver", body=waiver.model_dump(mode="json"))
    for pipeline_result in results.values():
        yield Entry(kind="pipeline", body=asdict(pipeline_result))
    for approval in result.approvals:
        body = {**asdict(approval), "approved_at": approval.approved_at.isoformat(timespec="seconds")}
        yield Entry(kind="approval", body=body)
    if result.verdict is not None:
        yield from _verdict_entries(result.verdict, result.plan, {kind: entry.ok for kind, entry in results.items()})


def _verdict_entries(verdict: Verdict, plan: Plan, results: Mapping[str, bool]) -> Iterator[Entry]:
    for rule, urns in sorted(verdict.passed.items()):
        yield Entry(kind="passed", body={"rule": rule, "resources": sorted(urns)})
    for remedy in verdict.remedies:
        yield Entry(kind="remedy", body=asdict(remedy))
    for finding in verdict.findings:
        yield Entry(kind="finding", body={**asdict(finding), **_position(plan, finding.urn)})
    for control in frameworks.matrix(verdict, results):
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


def _versions(policy: StackPolicy, engine: Engine) -> Mapping[str, str]:
    pack = yaml.safe_load((policy.pack / "PulumiPolicy.yaml").read_text(encoding="utf-8"))
    installed = {
        name: distribution.version
        for distribution in metadata.distributions()
        if (name := distribution.name.lower()).startswith(("pulumi", "pouw"))
    }
    return {
        **dict(sorted(installed.items())),
        "engine": f"{engine.version} ({engine.kind})",
        "pack": str(pack.get("version", "")),
        "python": platform.python_version(),
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
