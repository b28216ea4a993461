"""Rules about threat detection, configuration recording and budgets."""

from __future__ import annotations

from collections.abc import Iterator

from policies.aws.references import referrers
from policies.checks import MISSING, find, must_be, must_not_be
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

DETECTOR = "aws:guardduty/detector:Detector"
FEATURE = "aws:guardduty/detectorFeature:DetectorFeature"
SECURITY_HUB = "aws:securityhub/account:Account"
RECORDER = "aws:cfg/recorder:Recorder"
RECORDER_STATUS = "aws:cfg/recorderStatus:RecorderStatus"
ANALYZER_RULE = "aws:accessanalyzer/archiveRule:ArchiveRule"
INSPECTOR = "aws:inspector2/enabler:Enabler"
BUDGET = "aws:budgets/budget:Budget"

_THREATS = "https://docs.aws.amazon.com/guardduty/latest/ug/"
_RECORDING = "https://docs.aws.amazon.com/config/latest/developerguide/select-resources.html"


def _check_cluster_detection(detector: Resource, stack: Stack) -> Iterator[str]:
    enabled = [
        resource.props.get("name")
        for resource in referrers(detector, stack, (FEATURE,), "detectorId")
        if resource.props.get("status") == "ENABLED"
    ]
    if "EKS_AUDIT_LOGS" not in enabled:
        yield "enable: EKS audit logs are not analysed; got no enabled feature EKS_AUDIT_LOGS; expected one"


def _check_archived_findings(props: Props) -> Iterator[str]:
    for path, value in find(props, "filters[*]"):
        if value is not MISSING and value.get("criteria") == "isPublic" and "true" in list(value.get("eqs") or ()):
            yield (
                f"{path}.eqs: the rule archives findings about public access; got isPublic true; expected a filter by "
                "resource"
            )


def _check_image_scans(props: Props) -> Iterator[str]:
    if "ECR" not in [kind for _, kind in find(props, "resourceTypes[*]")]:
        yield "resourceTypes: container images are not scanned; got no ECR; expected ECR"


def _check_subscribers(props: Props) -> Iterator[str]:
    recipients = ("subscriberEmailAddresses", "subscriberSnsTopicArns")
    notices = [entry for _, entry in find(props, "notifications[*]") if entry is not MISSING]
    if not any(notice.get(name) for notice in notices for name in recipients):
        yield "notifications: no notification has a subscriber; got none; expected at least one e-mail address or topic"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-guardduty-detector-deny-suspension",
        types=(DETECTOR,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A suspended detector reports nothing, which looks like an account without threats.",
        remedy="Remove enable, or set it to true.",
        reference=_THREATS + "what-is-guardduty.html",
        check=must_not_be("enable", False),
    ),
    StackRule(
        id="aws-guardduty-detector-require-clusters",
        types=(DETECTOR,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="An intruder's actions through the Kubernetes API appear only in the cluster's audit log.",
        remedy="Add a DetectorFeature EKS_AUDIT_LOGS with status: ENABLED.",
        reference=_THREATS + "kubernetes-protection.html",
        check=_check_cluster_detection,
    ),
    Rule(
        id="aws-securityhub-account-require-new-controls",
        types=(SECURITY_HUB,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="New controls of a standard stay disabled, and the score hides the gap.",
        remedy="Remove autoEnableControls, or set it to true.",
        reference="https://docs.aws.amazon.com/securityhub/latest/userguide/what-is-securityhub.html",
        check=must_not_be("autoEnableControls", False),
    ),
    Rule(
        id="aws-config-recorder-require-all",
        types=(RECORDER,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Changes to resource types that are not recorded are missing from the history.",
        remedy="Remove recordingGroup.allSupported, or set it to true.",
        reference=_RECORDING,
        check=must_not_be("recordingGroup.allSupported", False),
    ),
    Rule(
        id="aws-config-recorder-deny-stopped",
        types=(RECORDER_STATUS,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A stopped recorder leaves a permanent gap in the configuration history.",
        remedy="Set isEnabled: true.",
        reference=_RECORDING,
        check=must_be("isEnabled", True),
    ),
    Rule(
        id="aws-accessanalyzer-archive-deny-public",
        types=(ANALYZER_RULE,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="An archive rule on public access hides the most important findings.",
        remedy="Replace the isPublic filter by filters on single resources.",
        reference="https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-archive-rules.html",
        check=_check_archived_findings,
    ),
    Rule(
        id="aws-inspector-account-require-images",
        types=(INSPECTOR,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Running images are not rescanned when a new vulnerability is published.",
        remedy="Add ECR to resourceTypes.",
        reference="https://docs.aws.amazon.com/inspector/latest/user/scanning-ecr.html",
        check=_check_image_scans,
    ),
    Rule(
        id="aws-budgets-budget-require-notification",
        types=(BUDGET,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A budget without a subscriber alerts no person, so an overrun is first seen on the invoice.",
        remedy="Add notifications with subscriberEmailAddresses or subscriberSnsTopicArns.",
        reference="https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-managing-costs.html",
        check=_check_subscribers,
    ),
)
