"""Cases of ``policies.aws.threat_detection``."""

from __future__ import annotations

from policies.aws.threat_detection import FEATURE, RULES
from tests.policies import tables
from tests.policies.analyzer import Declaration

_case = tables.of(RULES)
_AUDIT = Declaration(
    type=FEATURE,
    name="audit",
    props={"name": "EKS_AUDIT_LOGS", "status": "ENABLED"},
    references={"detectorId": ["subject"]},
)
_RULE = {"filters": [{"criteria": "isPublic", "eqs": ["false"]}]}
_BUDGET = {"notifications": [{"threshold": 80, "subscriberEmailAddresses": ["ops@example.org"]}]}
_CLUSTERS = "aws-guardduty-detector-require-clusters"

CASES = [
    _case("aws-guardduty-detector-deny-suspension", {"enable": True}, "enable", False),
    _case(_CLUSTERS, {"enable": True}, "status", "DISABLED", related=(_AUDIT,), broken_related="audit"),
    _case(_CLUSTERS, {"enable": True}, "name", "S3_DATA_EVENTS", related=(_AUDIT,), broken_related="audit"),
    _case("aws-securityhub-account-require-new-controls", {"autoEnableControls": True}, "autoEnableControls", False),
    _case("aws-config-recorder-require-all", {"recordingGroup": {"allSupported": True}}, "recordingGroup.allSupported",
          False),
    _case("aws-config-recorder-deny-stopped", {"isEnabled": True}, "isEnabled", False),
    _case("aws-accessanalyzer-archive-deny-public", _RULE, "filters[0].eqs[0]", "true", absent_path="filters"),
    _case("aws-inspector-account-require-images", {"resourceTypes": ["EC2", "ECR"]}, "resourceTypes[1]", "LAMBDA"),
    _case("aws-budgets-budget-require-notification", _BUDGET, "notifications[0].subscriberEmailAddresses", []),
]  # fmt: skip
