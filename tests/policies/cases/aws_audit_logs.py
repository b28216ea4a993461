"""Cases of ``policies.aws.audit_logs``."""

from __future__ import annotations

from typing import Any

from policies.aws.audit_logs import ALARM, COMPOSITE_ALARM, RULES
from tests.policies import tables
from tests.policies.analyzer import Declaration

_case = tables.of(RULES)


def trail(**selectors: Any) -> dict[str, Any]:
    """Return a compliant trail. Event selectors are optional."""
    return {
        "isMultiRegionTrail": True,
        "enableLogFileValidation": True,
        "enableLogging": True,
        "includeGlobalServiceEvents": True,
        "kmsKeyId": "alias/trail",
        "cloudWatchLogsGroupArn": "arn:aws:logs:eu-west-1:123456789012:log-group:trail:*",
        **selectors,
    }


_COMPLIANT_TRAIL = trail(eventSelectors=[{"dataResources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3"]}]}])
_FIELD = {"field": "resources.type", "equals": ["AWS::S3::Object"]}
_ADVANCED = trail(advancedEventSelectors=[{"fieldSelectors": [_FIELD]}])
_ALARM = {"alarmActions": ["arn:aws:sns:eu-west-1:123456789012:alerts"], "actionsEnabled": True}
_FILTER = {"metricTransformation": {"name": "refusals", "namespace": "pouw", "value": "1"}}
_ON_FILTER = Declaration(type=ALARM, name="alarm", props={"metricName": "refusals"})
_DATA = "aws-cloudtrail-trail-require-data-events"
_ACTION = "aws-cloudwatch-alarm-require-action"

CASES = [
    _case("aws-cloudtrail-trail-require-all-regions", trail(), "isMultiRegionTrail", False),
    _case("aws-cloudtrail-trail-require-validation", trail(), "enableLogFileValidation", False),
    _case("aws-cloudtrail-trail-deny-gaps", trail(), "enableLogging", False),
    _case("aws-cloudtrail-trail-deny-gaps", trail(), "includeGlobalServiceEvents", False),
    _case("aws-cloudtrail-trail-require-own-key", trail(), "kmsKeyId", "alias/aws/s3"),
    _case("aws-cloudtrail-trail-require-watching", trail(), "cloudWatchLogsGroupArn", ""),
    _case(_DATA, _COMPLIANT_TRAIL, "eventSelectors[0].dataResources[0].type", "AWS::Lambda::Function"),
    _case(_DATA, _ADVANCED, "advancedEventSelectors[0].fieldSelectors[0].equals[0]", "AWS::Lambda::Function"),
    _case("aws-cloudwatch-loggroup-require-retention", {"retentionInDays": 90}, "retentionInDays", 7),
    _case(
        "aws-cloudwatch-filter-require-alarm",
        _FILTER,
        "metricName",
        "other",
        related=(_ON_FILTER,),
        broken_related="alarm",
    ),
    _case(_ACTION, _ALARM, "alarmActions", []),
    _case(_ACTION, _ALARM, "actionsEnabled", False, absent_path="alarmActions", type=COMPOSITE_ALARM),
]
