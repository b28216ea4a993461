"""The content of one bundle, for the reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from policies.pack_config import subject_of
from pouw.evidence import chain, store
from pouw.gate import frameworks
from pouw.gate.frameworks import Framework, State
from pouw.gate.verdict import Finding, Kind

Body = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Located:
    """A finding, and the line that declares its resource; ``file`` is empty if the line is unknown."""

    finding: Finding
    file: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Row:
    """One control in the matrix."""

    id: str
    title: str
    grade: str
    state: str
    clouds: Sequence[str]
    rules: Sequence[str]
    resources: Sequence[str]
    pipeline: Mapping[str, bool]
    missing: Sequence[str]
    """Kinds of pipeline results that are missing."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """The content of one bundle."""

    run: Body
    verdict: Body
    findings: Sequence[Located]
    passed: Mapping[str, Sequence[str]]
    waivers: Sequence[Body]
    pipeline: Sequence[Body]
    controls: Mapping[tuple[str, str], Body]

    @property
    def stack(self) -> str:
        """The stack's name."""
        return str(self.run["stack"])

    @property
    def example(self) -> bool:
        """True for an example; a stack may have the same name."""
        return bool(self.run.get("example"))

    @property
    def name(self) -> str:
        """The name under which the bundle is stored."""
        return store.example_name(self.stack) if self.example else self.stack

    @property
    def settings(self) -> str:
        """The file that describes the stack, relative to the repository."""
        return f"{'docs/examples/' if self.example else ''}Pulumi.{self.stack}.yaml"

    def matrix(self) -> list[tuple[Framework, list[Row]]]:
        """Return every control of every framework, with those that the run does not show."""
        return [
            (framework, [self._row(framework, name) for name in framework.controls])
            for framework in frameworks.frameworks().values()
        ]

    def _row(self, framework: Framework, name: str) -> Row:
        control, verdict = framework.controls[name], self.controls.get((framework.id, name), {})
        unshown = State.OUT_OF_REACH if control.sees == "nothing" else State.NOT_SHOWN
        return Row(
            id=name,
            title=control.title,
            grade=control.grade,
            state=verdict.get("state", unshown),
            clouds=sorted({rule.partition("-")[0] for rule in verdict.get("rules", ())}),
            rules=verdict.get("rules", ()),
            resources=sorted({subject_of(urn) for urn in verdict.get("resources", ())}),
            pipeline=verdict.get("pipeline", {}),
            missing=verdict.get("missing", ()),
            reason=control.reason,
        )


def load(path: Path) -> Report:
    """Return the content of a bundle, unverified; :func:`pouw.evidence.store.verify` verifies it."""
    entries = chain.read(path.read_bytes())

    def bodies(kind: str) -> list[Body]:
        return [entry.body for entry in entries if entry.kind == kind]

    return Report(
        run=bodies("run")[0],
        verdict=bodies("verdict")[0],
        findings=[_located(body) for body in bodies("finding")],
        passed={body["rule"]: body["resources"] for body in bodies("passed")},
        waivers=bodies("waiver"),
        pipeline=bodies("pipeline"),
        controls={(body["framework"], body["control"]): body for body in bodies("control")},
    )


def _located(body: Body) -> Located:
    content = {key: value for key, value in body.items() if key not in ("file", "line")}
    finding = Finding(**{**content, "kind": Kind(content["kind"])})
    return Located(finding=finding, file=body["file"], line=body["line"])
