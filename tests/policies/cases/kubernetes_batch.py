"""Cases of ``policies.kubernetes.batch``."""

from __future__ import annotations

from policies.kubernetes.batch import RULES
from policies.kubernetes.manifests import CRON_JOB
from tests.policies import tables
from tests.policies.contract import REMOVED

_of = tables.of(RULES)
_JOB = {"kind": "Job", "spec": {"activeDeadlineSeconds": 600, "ttlSecondsAfterFinished": 3600}}
_CRON_JOB = {
    "kind": "CronJob",
    "spec": {
        "startingDeadlineSeconds": 300,
        "concurrencyPolicy": "Forbid",
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 3,
        "jobTemplate": {"spec": {"activeDeadlineSeconds": 600}},
    },
}

CASES = [
    _of("kubernetes-batch-job-require-deadline", _JOB, "spec.activeDeadlineSeconds", 0),
    _of("kubernetes-batch-job-require-deadline", _CRON_JOB, "spec.jobTemplate.spec.activeDeadlineSeconds", REMOVED,
        type=CRON_JOB),
    _of("kubernetes-batch-job-require-cleanup", _JOB, "spec.ttlSecondsAfterFinished", REMOVED),
    _of("kubernetes-batch-cronjob-require-deadline", _CRON_JOB, "spec.startingDeadlineSeconds", 5),
    _of("kubernetes-batch-cronjob-match-concurrency", _CRON_JOB, "spec.concurrencyPolicy", "Allow"),
    _of("kubernetes-batch-cronjob-limit-history", _CRON_JOB, "spec.successfulJobsHistoryLimit", 100),
    _of("kubernetes-batch-cronjob-limit-history", _CRON_JOB, "spec.failedJobsHistoryLimit", 0),
]  # fmt: skip
