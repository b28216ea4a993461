"""What watches the account, and what watches its bill."""

from __future__ import annotations

from collections.abc import Iterator

from policies.aws.relations import about
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


def _watches_clusters(detector: Resource, stack: Stack) -> Iterator[str]:
    on = [
        one.props.get("name")
        for one in about(detector, stack, (FEATURE,), "detectorId")
        if one.props.get("status") == "ENABLED"
    ]
    if "EKS_AUDIT_LOGS" not in on:
        yield "enable: it does not read the audit logs of clusters"


def _hides_public(props: Props) -> Iterator[str]:
    for at, value in find(props, "filters[*]"):
        if value is not MISSING and value.get("criteria") == "isPublic" and "true" in list(value.get("eqs") or ()):
            yield f"{at}.eqs: archives what is public"


def _scans_images(props: Props) -> Iterator[str]:
    if "ECR" not in [kind for _, kind in find(props, "resourceTypes[*]")]:
        yield "resourceTypes: lacks ECR"


def _tells_nobody(props: Props) -> Iterator[str]:
    told = ("subscriberEmailAddresses", "subscriberSnsTopicArns")
    notices = [one for _, one in find(props, "notifications[*]") if one is not MISSING]
    if not any(one.get(name) for one in notices for name in told):
        yield "notifications: none has a subscriber"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-guardduty-detector-deny-suspension",
        types=(DETECTOR,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A detector that is suspended looks as if nothing happened.",
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
        why="What an intruder does through the API of a cluster shows in its audit log only.",
        remedy="Add a DetectorFeature EKS_AUDIT_LOGS with status ENABLED.",
        reference=_THREATS + "kubernetes-protection.html",
        check=_watches_clusters,
    ),
    Rule(
        id="aws-securityhub-account-require-new-controls",
        types=(SECURITY_HUB,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="Controls that are added to a standard stay off, and the score stays green.",
        remedy="Leave autoEnableControls on.",
        reference="https://docs.aws.amazon.com/securityhub/latest/userguide/what-is-securityhub.html",
        check=must_not_be("autoEnableControls", False),
    ),
    Rule(
        id="aws-config-recorder-require-all",
        types=(RECORDER,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="What is changed in a type that nobody records is not in the history.",
        remedy="Leave recordingGroup.allSupported on.",
        reference=_RECORDING,
        check=must_not_be("recordingGroup.allSupported", False),
    ),
    Rule(
        id="aws-config-recorder-deny-stopped",
        types=(RECORDER_STATUS,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A recorder that does not run leaves a hole in the history that nobody can fill.",
        remedy="Set isEnabled: true.",
        reference=_RECORDING,
        check=must_be("isEnabled", True),
    ),
    Rule(
        id="aws-accessanalyzer-archive-deny-public",
        types=(ANALYZER_RULE,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A rule that archives what is public takes the one finding that matters off the list.",
        remedy="Archive by resource, and never by isPublic.",
        reference="https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-archive-rules.html",
        check=_hides_public,
    ),
    Rule(
        id="aws-inspector-account-require-images",
        types=(INSPECTOR,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Images that run are not looked at again when a hole is found.",
        remedy="Add ECR to resourceTypes.",
        reference="https://docs.aws.amazon.com/inspector/latest/user/scanning-ecr.html",
        check=_scans_images,
    ),
    Rule(
        id="aws-budgets-budget-require-notification",
        types=(BUDGET,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A budget that tells nobody is read with the bill.",
        remedy="Add a notification with a subscriber.",
        reference="https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-managing-costs.html",
        check=_tells_nobody,
    ),
)
