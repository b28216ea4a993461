"""The permissions boundary of a site's roles: it limits a role even if a policy grants more."""

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
"""Actions of the machines, the control plane, its add-ons and the site's workloads, except those on objects and keys.

AWS's policy for control planes also allows changes to routes and to attributes of machines, which this network never
needs. The boundary excludes them, and with them: changes to identities, taking another role, sharing a snapshot or a
network with another account, and changes to policies of keys and buckets.
"""
_OBJECTS: Final = (
    "s3:AbortMultipartUpload", "s3:GetBucketLocation", "s3:GetObject*", "s3:GetReplicationConfiguration",
    "s3:ListBucket", "s3:PutObject", "s3:ReplicateObject", "s3:ReplicateTags",
)  # fmt: skip


def boundary(context: SiteContext) -> str:
    """Return the policy: the services that the site uses, in its two regions, on its own buckets and keys."""
    account, regions = physical_names.account(context), (context.region, context.site.backups.copy_region or "")
    in_regions = {"aws:RequestedRegion": regions}
    in_account = {"aws:ResourceAccount": account}
    buckets = [physical_names.bucket_arn(context, region) for region in regions]
    granted = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    linked_role = f"arn:aws:iam::{account}:role/aws-service-role/{_BALANCERS}.amazonaws.com/*"
    keys: list[dict[str, Any]] = []
    for region in regions:
        key = physical_names.key(context, region)
        keys += [key.allow(KEY_USE), key.allow(["kms:CreateGrant"], conditions=granted)]
    return document(
        allow(_ACTIONS, ["*"], conditions={"StringEquals": in_regions}),
        allow(
            _OBJECTS,
            [*buckets, *(f"{bucket}/*" for bucket in buckets)],
            conditions={"StringEquals": {**in_regions, **in_account}},
        ),
        *keys,
        # AWS creates this service-linked role with the first load balancer of an account.
        allow(
            ["iam:CreateServiceLinkedRole"],
            [linked_role],
            conditions={"StringEquals": {"iam:AWSServiceName": f"{_BALANCERS}.amazonaws.com"}},
        ),
    )
