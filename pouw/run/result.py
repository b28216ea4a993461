"""The result of a run, and the exit code that follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from infra.faults import Fault
from pouw.cost.estimate import Estimate
from pouw.engine.operation import Operation
from pouw.engine.outcome import Conclusion, Outcome, ResourceFault, not_started, stack_fault
from pouw.errors import ExitCode, PouwError
from pouw.gate.preview_plan import NO_PLAN, Plan
from pouw.gate.verdict import Verdict
from pouw.network.agreement import Agreement
from pouw.network.endpoints import Endpoints


@dataclass(frozen=True, kw_only=True)
class Approval:
    """A person's consent to one plan."""

    digest: str
    """The digest of the plan; see :class:`pouw.gate.preview_plan.Plan`."""
    approver: str
    reason: str
    approved_at: datetime


@dataclass(frozen=True, kw_only=True)
class Result:
    """The engine's outcome with the records that the other layers add beside it."""

    operation: Operation
    """The operation that was completed: a preview, where a gate refused the deployment."""
    outcome: Outcome
    verdict: Verdict | None = None
    """The verdict of the policy; None where the pack did not run."""
    bill: Estimate | None = None
    """The cost of the plan; None where nothing was priced."""
    plan: Plan = NO_PLAN
    approvals: Sequence[Approval] = ()
    refusals: Sequence[Fault] = ()
    """Faults that the gates report."""
    error_code: ExitCode | None = None
    """The code of the error that prevented the start of the engine."""
    is_example: bool = False
    """True for a configuration of ``docs/examples``."""
    agreement: Agreement | None = None
    """The block that the nodes agree on after a bring-up."""
    endpoints: Endpoints | None = None
    """The addresses of the network after a bring-up."""

    @property
    def stack(self) -> str:
        """The name of the stack or example."""
        return self.outcome.stack

    @property
    def ok(self) -> bool:
        """True if the operation succeeded and every gate is green."""
        return exit_code(self) is ExitCode.OK

    @property
    def faults(self) -> Sequence[ResourceFault]:
        """Faults of the engine's run, then those of the gates."""
        return [*self.outcome.faults, *map(stack_fault, self.refusals)]


def failed_start(operation: Operation, stack: str, error: PouwError, *, is_example: bool = False) -> Result:
    """Return the result of a run that an error prevented."""
    outcome = not_started(operation.value, stack, error.faults)
    return Result(operation=operation, outcome=outcome, error_code=error.code, is_example=is_example)


_CODES: Final[Mapping[Conclusion, ExitCode]] = {
    Conclusion.SUCCEEDED: ExitCode.OK,
    Conclusion.REFUSED: ExitCode.POLICY,
    Conclusion.FAILED: ExitCode.FAILED,
    Conclusion.BROKEN: ExitCode.ENGINE,
    Conclusion.INTERRUPTED: ExitCode.INTERRUPTED,
    Conclusion.NOT_STARTED: ExitCode.ENGINE,
}


def exit_code(result: Result) -> ExitCode:
    """Return the exit code of one result.

    The reason that came first decides: an error before the start, then the engine's conclusion, then the gates. Our own
    verdict overrules the engine's refusal, because the engine does not know the waivers.
    """
    if result.error_code is not None:
        return result.error_code
    code = _CODES[result.outcome.conclusion]
    if code is ExitCode.POLICY and result.verdict is not None and not result.verdict.red:
        code = ExitCode.FAILED if result.outcome.faults else ExitCode.OK
    if code is ExitCode.OK and result.refusals:
        return ExitCode.POLICY
    return code


def combined_exit_code(results: Iterable[Result]) -> ExitCode:
    """Return the exit code of several results: an interrupt if there was one, else the first failure."""
    codes = [code for code in map(exit_code, results) if code is not ExitCode.OK]
    return ExitCode.INTERRUPTED if ExitCode.INTERRUPTED in codes else next(iter(codes), ExitCode.OK)
