"""Previews and deployments with the gate in front: judged before anything is created, and again on what is real."""

from __future__ import annotations

from dataclasses import replace

from pouw.engine.operation import Operation, Request
from pouw.engine.outcome import Outcome
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.policy import analysis
from pouw.policy import gate as gates
from pouw.policy.gate import Gate
from pouw.policy.verdict import Kind
from pouw.progress import Progress


def preview(
    request: Request, gate: Gate, engine: Engine, progress: Progress, *, project: Project | None = None
) -> Outcome:
    """Preview with the gate; its verdict is in the outcome."""
    return gates.run(request, engine, progress, gate, project=project).outcome


def up(request: Request, gate: Gate, engine: Engine, progress: Progress, *, project: Project | None = None) -> Outcome:
    """Deploy what the gate lets through.

    The preview is judged first: where the gate is red, or the preview fails, its outcome is returned and nothing was
    created. The deployment runs with the pack too, on the values that a preview does not know. Rules that the preview
    could not evaluate and that it was allowed to pass over are evaluated once more on the state that came of it.
    """
    planned = gates.run(replace(request, operation=Operation.PREVIEW), engine, progress, gate, project=project)
    if not planned.outcome.ok:
        return planned.outcome
    done = gates.run(request, engine, progress, gate, project=project)
    if not done.outcome.ok or not any(one.kind is Kind.UNEVALUATED for one in planned.verdict.findings):
        return done.outcome
    verdict = analysis.verdict(request, engine, progress, gate, project=project)
    return gates.judged(done.outcome, verdict)
