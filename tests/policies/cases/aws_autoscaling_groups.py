"""Cases of ``policies.aws.autoscaling_groups``."""

from __future__ import annotations

from policies.aws.autoscaling_groups import RULES
from tests.policies import tables

_case = tables.of(RULES)
_GROUP = {
    "targetGroupArns": ["arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/rpc/1"],
    "healthCheckType": "ELB",
    "vpcZoneIdentifiers": ["subnet-1", "subnet-2"],
    "suspendedProcesses": ["ScheduledActions"],
    "launchConfiguration": "",
}

CASES = [
    _case("aws-autoscaling-group-match-health-check", _GROUP, "healthCheckType", "EC2"),
    _case("aws-autoscaling-group-require-zones", _GROUP, "vpcZoneIdentifiers", ["subnet-1"]),
    _case("aws-autoscaling-group-deny-suspension", _GROUP, "suspendedProcesses[0]", "ReplaceUnhealthy"),
    _case("aws-autoscaling-group-deny-launch-configuration", _GROUP, "launchConfiguration", "servers"),
]
