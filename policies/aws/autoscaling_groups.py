"""Rules about Auto Scaling groups."""

from __future__ import annotations

from collections.abc import Iterator

from policies.aws.references import must_span_zones
from policies.checks import format_value, must_not_be_set
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule

GROUP = "aws:autoscaling/group:Group"

_GUIDE = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/"
_ESSENTIAL_PROCESSES = ("AZRebalance", "HealthCheck", "ReplaceUnhealthy", "Terminate")


def _check_health_check_type(props: Props) -> Iterator[str]:
    # The targets may be unknown in a preview; their presence is known.
    balanced = any(name in tuple(props) for name in ("targetGroupArns", "loadBalancers", "trafficSources"))
    if balanced and props.get("healthCheckType") != "ELB":
        yield (
            "healthCheckType: failed targets of a balancer are not replaced; got "
            f"{format_value(props.get('healthCheckType'))}; expected ELB"
        )


def _check_suspended_processes(props: Props) -> Iterator[str]:
    suspended = props.get("suspendedProcesses") or ()
    for index in range(len(suspended)):
        if suspended[index] in _ESSENTIAL_PROCESSES:
            yield (
                f"suspendedProcesses[{index}]: an essential process is suspended; got {suspended[index]}; expected it "
                "to run"
            )


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-autoscaling-group-match-health-check",
        types=(GROUP,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A running machine that does not answer requests stays in the group as healthy.",
        remedy="Set healthCheckType: ELB.",
        reference=_GUIDE + "ec2-auto-scaling-health-checks.html",
        check=_check_health_check_type,
    ),
    StackRule(
        id="aws-autoscaling-group-require-zones",
        types=(GROUP,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="After a failure of its only zone, the group cannot start machines.",
        remedy="Set vpcZoneIdentifiers to subnets of at least two zones.",
        reference=_GUIDE + "auto-scaling-benefits.html",
        check=must_span_zones("vpcZoneIdentifiers", "availabilityZones"),
    ),
    Rule(
        id="aws-autoscaling-group-deny-suspension",
        types=(GROUP,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A process left suspended after an incident keeps failed machines in the group.",
        remedy="Remove the process from suspendedProcesses.",
        reference=_GUIDE + "as-suspend-resume-processes.html",
        check=_check_suspended_processes,
    ),
    Rule(
        id="aws-autoscaling-group-deny-launch-configuration",
        types=(GROUP,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="Launch configurations have no versions, and AWS no longer develops them.",
        remedy="Replace launchConfiguration by launchTemplate.",
        reference=_GUIDE + "launch-templates.html",
        check=must_not_be_set("launchConfiguration"),
    ),
)
