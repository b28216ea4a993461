"""Previews and deployments behind the gates: decided before anything is created, and again on the deployed state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from infra.settings.stack import Settings
from pouw.engine.operation import Operation, Request
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.evidence.store import EvidenceStore
from pouw.gate import analysis
from pouw.gate.evaluation import Evaluation, evaluate
from pouw.gate.stack_policy import StackPolicy
from pouw.gate.verdict import Kind, Verdict
from pouw.home import Home
from pouw.progress import Progress
from pouw.run import bills, bundle, gates
from pouw.run.gates import GATES, Gate, Planned
from pouw.run.result import Approval, Result


@dataclass(frozen=True, kw_only=True)
class Admission:
    """The gates of one stack, and everything that its runs need. Each run is recorded as evidence."""

    settings: Settings
    policy: StackPolicy
    engine: Engine
    home: Home
    progress: Progress
    project: Project = field(default_factory=Project)
    approvals: Sequence[Approval] = ()
    gates: Sequence[Gate] = GATES

    def preview(self, request: Request) -> Result:
        """Return the result of a preview, with its bill and the faults of all gates."""
        return self._recorded(self._plan(request, priced=True))

    def up(self, request: Request) -> Result:
        """Deploy the plan if every gate admits it.

        Where a gate refuses the preview, or the preview fails, its result is returned and nothing was created. A plan
        without any change is not deployed. The deployment runs with the pack too, because it knows values that the
        preview does not. If the preview left a mandatory check unevaluated, the deployed state is analysed as well.
        """
        preview = self._plan(replace(request, operation=Operation.PREVIEW), priced=bills.has_budget(self.settings))
        if not preview.ok:
            return self._recorded(preview)
        if preview.outcome.settled:
            return self._recorded(replace(preview, operation=Operation.UP))
        deployed = self._evaluate(request)
        verdict = deployed.verdict
        if deployed.outcome.ok and _has_unevaluated(preview.verdict):
            verdict = analysis.analyse(
                request, self.engine, self.progress, self.policy, home=self.home, project=self.project
            )
        final = Planned(settings=self.settings, outcome=deployed.outcome, verdict=verdict)
        return self._recorded(
            Result(
                operation=Operation.UP,
                outcome=deployed.outcome,
                verdict=verdict,
                plan=preview.plan,
                approvals=self.approvals,
                refusals=gates.refusals(final, [gates.policy]),
                is_example=self._is_example,
            )
        )

    @property
    def _is_example(self) -> bool:
        return self.project.examples is not None

    def _plan(self, request: Request, *, priced: bool) -> Result:
        evaluation = self._evaluate(request)
        bill = bills.bill_of(evaluation.outcome, self.settings) if priced else None
        record = Planned(
            settings=self.settings,
            outcome=evaluation.outcome,
            verdict=evaluation.verdict,
            plan=evaluation.plan,
            bill=bill,
            approvals=self.approvals,
        )
        return Result(
            operation=Operation.PREVIEW,
            outcome=evaluation.outcome,
            verdict=evaluation.verdict,
            bill=bill,
            plan=evaluation.plan,
            approvals=self.approvals,
            refusals=gates.refusals(record, self.gates),
            is_example=self._is_example,
        )

    def _evaluate(self, request: Request) -> Evaluation:
        return evaluate(request, self.engine, self.progress, self.policy, home=self.home, project=self.project)

    def _recorded(self, result: Result) -> Result:
        bundle.record(result, self.policy, self.engine, EvidenceStore.of_home(self.home))
        return result


def _has_unevaluated(verdict: Verdict | None) -> bool:
    """True if a mandatory check was not evaluated; a waiver may have admitted it."""
    return verdict is not None and any(
        finding.mandatory and finding.kind is Kind.UNEVALUATED for finding in verdict.findings
    )
