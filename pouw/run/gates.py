"""The gates of a deployment: each is a function from a plan to the faults for which it refuses the plan.

A further gate, such as an approved digest or a recent backup, is one more entry in ``GATES``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from infra.faults import Fault
from infra.settings.stack import Settings
from pouw.cost import budget
from pouw.cost.estimate import Estimate
from pouw.engine.outcome import Conclusion, Outcome
from pouw.gate.preview_plan import NO_PLAN, Plan
from pouw.gate.verdict import Verdict
from pouw.run.result import Approval


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A preview with the records from which gates decide."""

    settings: Settings
    outcome: Outcome
    verdict: Verdict
    plan: Plan = NO_PLAN
    bill: Estimate | None = None
    """The cost of the plan; None where nothing was priced."""
    approvals: Sequence[Approval] = ()


_COMPLETE: Final = frozenset({Conclusion.SUCCEEDED, Conclusion.REFUSED})
Gate: TypeAlias = Callable[[Planned], Iterable[Fault]]


def policy(preview: Planned) -> Iterator[Fault]:
    """Refuse a plan whose verdict is red. A preview that failed is incomplete, so its own faults are the reason."""
    if preview.verdict.red and preview.outcome.conclusion in _COMPLETE:
        yield Fault(
            path=f"stack {preview.verdict.stack}",
            message="the compliance gate is red",
            got=preview.verdict.summary(),
            expected="no mandatory finding without a waiver",
            remedy="apply the remedy of each finding, or add a waiver to policies/waivers.yaml",
        )


def budgets(preview: Planned) -> Iterator[Fault]:
    """Refuse a plan in which a site costs more than its budget."""
    if preview.bill is not None:
        yield from budget.faults(preview.settings, preview.bill)


GATES: Final[Sequence[Gate]] = (policy, budgets)


def refusals(preview: Planned, gates: Sequence[Gate] = GATES) -> list[Fault]:
    """Return the faults of all gates, in their order."""
    return [fault for gate in gates for fault in gate(preview)]
