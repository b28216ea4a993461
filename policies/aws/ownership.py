"""Whose a resource is: the tags by which costs, incidents and leftovers find somebody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.checks import MISSING, find
from policies.ownership import TAGS, WHY, must_name_owner, naming_owner
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
GROUP = "aws:autoscaling/group:Group"

_NAMES: Mapping[str, str] = {
    "acm": "Certificate",
    "backup": "Plan Vault",
    "budgets": "Budget",
    "cloudtrail": "Trail",
    "cloudwatch": "EventRule LogGroup MetricAlarm",
    "docdb": "Cluster",
    "dynamodb": "Table",
    "ebs": "Snapshot SnapshotCopy Volume",
    "ec2": "Ami Eip FlowLog Instance InternetGateway LaunchTemplate NatGateway NetworkAcl NetworkInterface RouteTable"
    " SecurityGroup Subnet Vpc VpcEndpoint VpcPeeringConnection VpnConnection VpnGateway",
    "ec2transitgateway": "TransitGateway",
    "ecr": "Repository",
    "ecs": "Cluster Service",
    "efs": "AccessPoint FileSystem",
    "eks": "AccessEntry Addon Cluster FargateProfile NodeGroup PodIdentityAssociation",
    "elasticache": "ReplicationGroup ServerlessCache",
    "guardduty": "Detector",
    "iam": "InstanceProfile OpenIdConnectProvider Policy Role User",
    "kms": "Key ReplicaKey",
    "lambda": "Function",
    "lb": "Listener LoadBalancer TargetGroup",
    "neptune": "Cluster",
    "opensearch": "Domain",
    "rds": "Cluster ClusterInstance Instance",
    "redshift": "Cluster",
    "route53": "HealthCheck Zone",
    "s3": "Bucket BucketV2",
    "secretsmanager": "Secret",
    "sns": "Topic",
    "sqs": "Queue",
    "ssm": "Parameter",
    "wafv2": "IpSet WebAcl",
}
OWNED = tuple(
    f"aws:{service}/{name[0].lower()}{name[1:]}:{name}" for service, names in _NAMES.items() for name in names.split()
)
"""What costs, holds or lets through something, and takes tags."""

_GUIDE = "https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html"


def _hands_on_nothing(props: Props) -> Iterator[str]:
    tagged = [one.get("resourceType") for _, one in find(props, "tagSpecifications[*]") if one is not MISSING]
    if missing := [kind for kind in ("instance", "volume") if kind not in tagged]:
        yield f"tagSpecifications: lacks {', '.join(missing)}"


def _starts_nobodys(props: Props) -> Iterator[str]:
    handed = [
        one.get("key") for _, one in find(props, "tags[*]") if one is not MISSING and one.get("propagateAtLaunch")
    ]
    if missing := [name for name in TAGS if name not in handed]:
        yield f"tags: hands on no {', '.join(missing)}"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-tags-resource-require-owner",
        types=OWNED,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why=WHY,
        remedy=f"Set the tags {', '.join(TAGS)} on the resource; those of a provider do not show in a plan.",
        reference=_GUIDE,
        check=must_name_owner(),
        fix=naming_owner(),
    ),
    Rule(
        id="aws-tags-group-require-owner",
        types=(GROUP,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Machines that a group starts are nobody's, unless the group hands its tags on.",
        remedy=f"Set the tags {', '.join(TAGS)} with propagateAtLaunch: true.",
        reference="https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html",
        check=_starts_nobodys,
    ),
    Rule(
        id="aws-tags-template-require-owner",
        types=(TEMPLATE,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Tags of a template stay on the template: its machines and disks, which cost, get none.",
        remedy="Add tagSpecifications for instance and volume.",
        reference=_GUIDE,
        check=_hands_on_nothing,
    ),
)
