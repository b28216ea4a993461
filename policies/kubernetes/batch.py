"""Work that ends: jobs and what starts them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from policies.checks import may_be_at_least, must_be, must_be_at_least
from policies.kubernetes.manifests import CRON_JOB, JOB, Props
from policies.rule import Absence, AnyRule, Level, Rule, Severity

_JOBS = "https://kubernetes.io/docs/concepts/workloads/controllers/job/"
_CRON_JOBS = "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/"
_MOST_KEPT = 10


def _job(props: Props) -> tuple[str, Props]:
    if props["kind"] == "Job":
        return "spec", props.get("spec") or {}
    return "spec.jobTemplate.spec", ((props.get("spec") or {}).get("jobTemplate") or {}).get("spec") or {}


def _ends(props: Props) -> Iterator[str]:
    at, spec = _job(props)
    for message in must_be_at_least("activeDeadlineSeconds", 1)(spec):
        yield f"{at}.{message}"


def _keeps_some(props: Props) -> Iterator[str]:
    spec: Props = props["spec"]
    for field in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        kept = spec.get(field)
        if kept is not None and float(kept) > _MOST_KEPT:
            yield f"spec.{field}: is {float(kept):g}, and must be at most {_MOST_KEPT}"
    yield from may_be_at_least("spec.failedJobsHistoryLimit", 1)(props)


_rule = partial(Rule, types=(CRON_JOB,), severity=Severity.LOW, absent=Absence.DENY, reference=_CRON_JOBS)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="kubernetes-batch-job-require-deadline",
        types=(JOB, CRON_JOB),
        severity=Severity.MEDIUM,
        why="A job that hangs holds its room, and its next run, for ever.",
        remedy="Set activeDeadlineSeconds.",
        reference=f"{_JOBS}#job-termination-and-cleanup",
        check=_ends,
    ),
    _rule(
        id="kubernetes-batch-job-require-cleanup",
        types=(JOB,),
        level=Level.ADVISORY,
        why="Jobs that have ended stay with their pods until somebody removes them.",
        remedy="Set ttlSecondsAfterFinished.",
        reference="https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/",
        check=must_be_at_least("spec.ttlSecondsAfterFinished", 0),
    ),
    _rule(
        id="kubernetes-batch-cronjob-require-deadline",
        severity=Severity.MEDIUM,
        why="Without one, a schedule that was missed a hundred times is never started again.",
        remedy="Set startingDeadlineSeconds to less than the time between two runs.",
        reference=f"{_CRON_JOBS}#starting-deadline",
        check=must_be_at_least("spec.startingDeadlineSeconds", 10),
    ),
    _rule(
        id="kubernetes-batch-cronjob-match-concurrency",
        severity=Severity.MEDIUM,
        why="By default a slow run and the next one work on the same things at once.",
        remedy="Set concurrencyPolicy: Forbid, or Replace.",
        reference=f"{_CRON_JOBS}#concurrency-policy",
        check=must_be("spec.concurrencyPolicy", "Forbid", "Replace"),
    ),
    _rule(
        id="kubernetes-batch-cronjob-limit-history",
        absent=Absence.ALLOW,
        why="Runs that are all kept fill the cluster's store; of a failure of which none is kept nobody learns why.",
        remedy="Keep between 1 and 10 failed runs, and at most 10 that went well.",
        reference=f"{_CRON_JOBS}#jobs-history-limits",
        check=_keeps_some,
    ),
)
