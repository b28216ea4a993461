"""What no role of a site can go beyond, whatever a policy of its own may say one day."""

from __future__ import annotations

from typing import Any, Final

from infra.aws import physical_names
from infra.aws.access_policies import KEY_USE, allow, document
from infra.contracts import SiteContext

_BALANCERS: Final = "elasticloadbalancing"
_ACTIONS: Final = (
    "autoscaling:Describe*", "autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup",
    "autoscaling:UpdateAutoScalingGroup",
    "ec2:AssignPrivateIpAddresses", "ec2:AttachNetworkInterface", "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface", "ec2:DetachNetworkInterface", "ec2:ModifyNetworkInterfaceAttribute",
    "ec2:UnassignPrivateIpAddresses",
    "ec2:AttachVolume", "ec2:CopyVolumes", "ec2:CreateSnapshot", "ec2:CreateVolume", "ec2:DeleteSnapshot",
    "ec2:DeleteVolume", "ec2:DetachVolume", "ec2:EnableFastSnapshotRestores", "ec2:LockSnapshot", "ec2:ModifyVolume",
    "ec2:AuthorizeSecurityGroupIngress", "ec2:CreateSecurityGroup", "ec2:DeleteSecurityGroup",
    "ec2:RevokeSecurityGroupIngress",
    "ec2:CreateTags", "ec2:DeleteTags", "ec2:Describe*", "ec2:GetInstanceTypesFromInstanceRequirements",
    "ecr:BatchGetImage", "ecr:BatchImportUpstreamImage", "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer",
    "eks:DescribeCluster", "eks:DescribeNodegroup", "eks-auth:AssumeRoleForPodIdentity",
    *(
        f"{_BALANCERS}:{verb}*"
        for verb in (
            "Add", "Apply", "Attach", "ConfigureHealthCheck", "Create", "Delete", "Deregister", "Describe", "Detach",
            "Modify", "Register", "SetLoadBalancerPolicies",
        )
    ),
    "logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:PutLogEvents",
)  # fmt: skip
"""All that machines, the control plane, its parts and the site's workloads do, but for objects and keys.

Left out on purpose, though AWS's own policy for control planes has it: routes and attributes of machines, which this
kind of network never needs. Not here, so not possible: anything about identities, taking another role, sharing a
snapshot or a network with another account, changing policies of keys and buckets.
"""
_OBJECTS: Final = (
    "s3:AbortMultipartUpload", "s3:GetBucketLocation", "s3:GetObject*", "s3:GetReplicationConfiguration",
    "s3:ListBucket", "s3:PutObject", "s3:ReplicateObject", "s3:ReplicateTags",
)  # fmt: skip


def boundary(context: SiteContext) -> str:
    """The policy: the services that the site uses, in its two regions, with its own buckets and keys."""
    account, regions = physical_names.account(context), (context.region, context.site.backups.copy_region or "")
    here = {"aws:RequestedRegion": regions}
    own = {"aws:ResourceAccount": account}
    buckets = [physical_names.bucket_arn(context, region) for region in regions]
    granted = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    made = f"arn:aws:iam::{account}:role/aws-service-role/{_BALANCERS}.amazonaws.com/*"
    keys: list[dict[str, Any]] = []
    for region in regions:
        key = physical_names.key(context, region)
        keys += [key.allow(KEY_USE), key.allow(["kms:CreateGrant"], when=granted)]
    return document(
        allow(_ACTIONS, ["*"], when={"StringEquals": here}),
        allow(_OBJECTS, [*buckets, *(f"{bucket}/*" for bucket in buckets)], when={"StringEquals": {**here, **own}}),
        *keys,
        # The first balancer of an account brings a role of AWS's own; it is the one identity that a site may make.
        allow(
            ["iam:CreateServiceLinkedRole"],
            [made],
            when={"StringEquals": {"iam:AWSServiceName": f"{_BALANCERS}.amazonaws.com"}},
        ),
    )
