"""Rules about jobs and cron jobs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from policies.checks import may_be_at_least, must_be, must_be_at_least
from policies.kubernetes.manifests import CRON_JOB, JOB, Props
from policies.rule import Absence, AnyRule, Level, Rule, Severity

_JOBS = "https://kubernetes.io/docs/concepts/workloads/controllers/job/"
_CRON_JOBS = "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/"
_MAXIMUM_HISTORY = 10


def _job_spec(props: Props) -> tuple[str, Props]:
    if props["kind"] == "Job":
        return "spec", props.get("spec") or {}
    return "spec.jobTemplate.spec", ((props.get("spec") or {}).get("jobTemplate") or {}).get("spec") or {}


def _check_deadline(props: Props) -> Iterator[str]:
    path, spec = _job_spec(props)
    for message in must_be_at_least("activeDeadlineSeconds", 1)(spec):
        yield f"{path}.{message}"


def _check_history(props: Props) -> Iterator[str]:
    spec: Props = props["spec"]
    for field in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        limit = spec.get(field)
        if limit is not None and float(limit) > _MAXIMUM_HISTORY:
            yield f"spec.{field}: is too high; got {float(limit):g}; expected at most {_MAXIMUM_HISTORY}"
    yield from may_be_at_least("spec.failedJobsHistoryLimit", 1)(props)


_rule = partial(Rule, types=(CRON_JOB,), severity=Severity.LOW, absent=Absence.DENY, reference=_CRON_JOBS)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="kubernetes-batch-job-require-deadline",
        types=(JOB, CRON_JOB),
        severity=Severity.MEDIUM,
        why="A job that hangs occupies its resources and blocks its next run indefinitely.",
        remedy="Set activeDeadlineSeconds.",
        reference=f"{_JOBS}#job-termination-and-cleanup",
        check=_check_deadline,
    ),
    _rule(
        id="kubernetes-batch-job-require-cleanup",
        types=(JOB,),
        level=Level.ADVISORY,
        why="Completed jobs and their pods remain until they are deleted manually.",
        remedy="Set ttlSecondsAfterFinished.",
        reference="https://kubernetes.io/docs/concepts/workloads/controllers/ttlafterfinished/",
        check=must_be_at_least("spec.ttlSecondsAfterFinished", 0),
    ),
    _rule(
        id="kubernetes-batch-cronjob-require-deadline",
        severity=Severity.MEDIUM,
        why="Without a deadline, a schedule with a hundred missed runs is never started again.",
        remedy="Set startingDeadlineSeconds below the time between two runs.",
        reference=f"{_CRON_JOBS}#starting-deadline",
        check=must_be_at_least("spec.startingDeadlineSeconds", 10),
    ),
    _rule(
        id="kubernetes-batch-cronjob-match-concurrency",
        severity=Severity.MEDIUM,
        why="By default a slow run and the next one process the same data concurrently.",
        remedy="Set concurrencyPolicy: Forbid or Replace.",
        reference=f"{_CRON_JOBS}#concurrency-policy",
        check=must_be("spec.concurrencyPolicy", "Forbid", "Replace"),
    ),
    _rule(
        id="kubernetes-batch-cronjob-limit-history",
        absent=Absence.ALLOW,
        why="An unlimited history fills the cluster's store. Without failed runs, the cause of a failure is lost.",
        remedy="Set failedJobsHistoryLimit from 1 to 10, and successfulJobsHistoryLimit to at most 10.",
        reference=f"{_CRON_JOBS}#jobs-history-limits",
        check=_check_history,
    ),
)
