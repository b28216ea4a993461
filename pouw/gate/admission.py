"""Previews and deployments with the gate in front: judged before anything is created, and again on what is real."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pouw.engine.operation import Operation, Request
from pouw.engine.outcome import Outcome
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.evidence import bundle
from pouw.gate import analysis
from pouw.gate import evaluation as gates
from pouw.gate.evaluation import Gate, Judged
from pouw.gate.verdict import Kind
from pouw.progress import Progress


def preview(
    request: Request, gate: Gate, engine: Engine, progress: Progress, *, project: Project | None = None
) -> Outcome:
    """Preview with the gate, and keep the evidence; the verdict is in the outcome."""
    judged = gates.run(request, engine, progress, gate, project=project)
    bundle.keep(judged, gate, engine, example=project is not None and project.examples is not None)
    return judged.outcome


def up(
    request: Request,
    gate: Gate,
    engine: Engine,
    progress: Progress,
    *,
    allowed: Callable[[Outcome], Outcome] | None = None,
    project: Project | None = None,
) -> Outcome:
    """Deploy what the gate lets through, and keep the evidence.

    The preview is judged first, and then by ``allowed``, which may put faults on its outcome: where the gate is red, or
    the preview is not good, its outcome is returned and nothing was created. A plan that leaves everything as it is is
    not deployed. The deployment runs with the pack too, on the values that a preview does not know. Where the preview
    let something pass that it could not evaluate on what is known, the state that came of it is judged once more.
    """
    planned = gates.run(replace(request, operation=Operation.PREVIEW), engine, progress, gate, project=project)
    if allowed is not None:
        planned = replace(planned, outcome=allowed(planned.outcome))
    if not planned.outcome.ok:
        return _kept(planned, gate, engine)
    if planned.outcome.settled:
        return _kept(
            replace(planned, outcome=replace(planned.outcome, operation=request.operation.value)), gate, engine
        )
    done = gates.run(request, engine, progress, gate, project=project)
    if done.outcome.ok and any(one.kind is not Kind.VIOLATION for one in planned.verdict.findings if one.mandatory):
        verdict = analysis.verdict(request, engine, progress, gate, project=project)
        done = Judged(outcome=gates.judged(done.outcome, verdict), verdict=verdict)
    return _kept(replace(done, plan=planned.plan), gate, engine)


def _kept(judged: Judged, gate: Gate, engine: Engine) -> Outcome:
    bundle.keep(judged, gate, engine)
    return judged.outcome
