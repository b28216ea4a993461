"""Rules about tags that identify the owner of a resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policies.checks import MISSING, find
from policies.owner_tags import TAGS, WHY, add_owner_tags, must_have_owner_tags
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
TAGGED = tuple(
    f"aws:{service}/{name[0].lower()}{name[1:]}:{name}" for service, names in _NAMES.items() for name in names.split()
)
"""Types of resources that cost money, hold data or grant access, and that support tags."""

_GUIDE = "https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html"


def _check_tag_specifications(props: Props) -> Iterator[str]:
    tagged_types = [
        entry.get("resourceType") for _, entry in find(props, "tagSpecifications[*]") if entry is not MISSING
    ]
    if missing := [kind for kind in ("instance", "volume") if kind not in tagged_types]:
        yield (
            f"tagSpecifications: the template does not tag all its resources; got no {' and no '.join(missing)}; "
            "expected instance and volume"
        )


def _check_propagated_tags(props: Props) -> Iterator[str]:
    propagated = [
        entry.get("key")
        for _, entry in find(props, "tags[*]")
        if entry is not MISSING and entry.get("propagateAtLaunch")
    ]
    if missing := [name for name in TAGS if name not in propagated]:
        yield (
            f"tags: tags are not propagated to the machines; got no {', '.join(missing)}; expected each with "
            "propagateAtLaunch: true"
        )


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-tags-resource-require-owner",
        types=TAGGED,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why=WHY,
        remedy=f"Set the tags {', '.join(TAGS)} on the resource. Default tags of a provider do not appear in a plan.",
        reference=_GUIDE,
        check=must_have_owner_tags(),
        fix=add_owner_tags(),
    ),
    Rule(
        id="aws-tags-group-require-owner",
        types=(GROUP,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Machines of the group have no owner unless the group propagates its tags.",
        remedy=f"Set the tags {', '.join(TAGS)} with propagateAtLaunch: true.",
        reference="https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html",
        check=_check_propagated_tags,
    ),
    Rule(
        id="aws-tags-template-require-owner",
        types=(TEMPLATE,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Tags of a template do not apply to its machines and disks, so their costs have no owner.",
        remedy="Add tagSpecifications for instance and volume.",
        reference=_GUIDE,
        check=_check_tag_specifications,
    ),
)
