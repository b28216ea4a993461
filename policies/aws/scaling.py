"""Groups of machines that grow and shrink."""

from __future__ import annotations

from collections.abc import Iterator

from policies.aws.relations import must_span_zones
from policies.checks import must_not_be_set
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule

GROUP = "aws:autoscaling/group:Group"

_GUIDE = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/"
_DISTURBING = ("AZRebalance", "HealthCheck", "ReplaceUnhealthy", "Terminate")


def _asks_balancer(props: Props) -> Iterator[str]:
    # Which they are may not be known yet; that there are some is.
    balanced = any(name in tuple(props) for name in ("targetGroupArns", "loadBalancers", "trafficSources"))
    if balanced and props.get("healthCheckType") != "ELB":
        yield "healthCheckType: is not ELB, though a balancer stands in front"


def _leaves_the_dead(props: Props) -> Iterator[str]:
    suspended = props.get("suspendedProcesses") or ()
    for index in range(len(suspended)):
        if suspended[index] in _DISTURBING:
            yield f"suspendedProcesses[{index}]: suspends {suspended[index]}"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-autoscaling-group-match-health-check",
        types=(GROUP,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A machine that runs and does not answer stays, and the group thinks that all is well.",
        remedy="Set healthCheckType: ELB.",
        reference=_GUIDE + "ec2-auto-scaling-health-checks.html",
        check=_asks_balancer,
    ),
    StackRule(
        id="aws-autoscaling-group-require-zones",
        types=(GROUP,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="When its one zone fails, the group has nowhere to go.",
        remedy="Name subnets of at least two zones in vpcZoneIdentifiers.",
        reference=_GUIDE + "auto-scaling-benefits.html",
        check=must_span_zones("vpcZoneIdentifiers", "availabilityZones"),
    ),
    Rule(
        id="aws-autoscaling-group-deny-suspension",
        types=(GROUP,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="A process that was suspended for an incident, and stayed so, leaves dead machines in the group.",
        remedy="Take it out of suspendedProcesses.",
        reference=_GUIDE + "as-suspend-resume-processes.html",
        check=_leaves_the_dead,
    ),
    Rule(
        id="aws-autoscaling-group-deny-launch-configuration",
        types=(GROUP,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="Launch configurations have no versions, and AWS adds nothing to them any more.",
        remedy="Use a launchTemplate.",
        reference=_GUIDE + "launch-templates.html",
        check=must_not_be_set("launchConfiguration"),
    ),
)
