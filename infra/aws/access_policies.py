"""Access policies as plain documents, computed from settings alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Statement = dict[str, Any]
Conditions = Mapping[str, Mapping[str, str | Sequence[str]]]

KEY_USE: Final = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")


def document(*statements: Statement) -> str:
    """Return the JSON text of a policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


def allow(
    actions: Sequence[str],
    resources: Sequence[str],
    *,
    principal: Mapping[str, str | Sequence[str]] | None = None,
    conditions: Conditions | None = None,
) -> Statement:
    """Return a statement that allows ``actions``; ``principal`` belongs only in the policy of a resource."""
    statement: Statement = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    if principal is not None:
        statement["Principal"] = dict(principal)
    if conditions is not None:
        statement["Condition"] = {operator: dict(values) for operator, values in conditions.items()}
    return statement


def from_account(account: str) -> Conditions:
    """Return the condition that a service acts on behalf of ``account``, which prevents a confused deputy."""
    return {"StringEquals": {"aws:SourceAccount": account}}


def trust_service(service: str, conditions: Conditions | None = None) -> str:
    """Return a trust policy for a service of AWS."""
    statement: Statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    if conditions is not None:
        statement["Condition"] = dict(conditions)
    return document(statement)


def trust_account(account: str) -> str:
    """Return a trust policy for principals of the account that have the permission and carry the project's tag."""
    return document(
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
            "Condition": {"StringEquals": {"aws:PrincipalTag/project": "pouw"}},
        }
    )


def trust_pods(cluster_arn: str, namespace: str, service_account: str) -> str:
    """Return a trust policy for the pods of one service account in one cluster, which EKS attests."""
    pods = {
        "aws:RequestTag/eks-cluster-arn": cluster_arn,
        "aws:RequestTag/kubernetes-namespace": namespace,
        "aws:RequestTag/kubernetes-service-account": service_account,
    }
    return document(
        {
            "Effect": "Allow",
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Principal": {"Service": "pods.eks.amazonaws.com"},
            "Condition": {"StringEquals": pods},
        }
    )


def only_tls(action: str, resources: Sequence[str]) -> Statement:
    """Return a statement that denies ``action`` over connections without TLS."""
    return {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": action,
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def take_logs(bucket: str, account: str, region: str, *, edge: str, storage: tuple[str, str]) -> str:
    """Return the policy of a bucket for access logs, written by the account's load balancers and by S3 for one bucket.

    ``edge`` is the prefix of the load balancers' logs. ``storage`` is the prefix of the bucket's logs, and its ARN.
    """
    prefix, source = storage
    balancers = f"arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/*"
    logged = {**from_account(account), "ArnLike": {"aws:SourceArn": source}}
    return document(
        allow(
            ["s3:PutObject"],
            [f"{bucket}/{edge}/AWSLogs/{account}/*"],
            principal={"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
            conditions={"ArnLike": {"aws:SourceArn": balancers}},
        ),
        allow(
            ["s3:PutObject"],
            [f"{bucket}/{prefix}*"],
            principal={"Service": "logging.s3.amazonaws.com"},
            conditions=logged,
        ),
        only_tls("s3:*", [bucket, f"{bucket}/*"]),
    )


@dataclass(frozen=True, kw_only=True)
class NamedKey:
    """A key by its alias. A key's id is unknown until it exists, and a reviewer reads the policy before that."""

    account: str
    region: str
    alias: str

    def allow(self, actions: Sequence[str], conditions: Conditions | None = None) -> Statement:
        """Return a statement that allows ``actions`` on this key only."""
        this_key = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": self.alias}}
        keys = f"arn:aws:kms:{self.region}:{self.account}:key/*"
        return allow(actions, [keys], conditions={**this_key, **(conditions or {})})

    def allow_for_objects(self, actions: Sequence[str]) -> Statement:
        """Return a statement that allows ``actions`` on this key only through S3."""
        return self.allow(actions, conditions={"StringEquals": {"kms:ViaService": f"s3.{self.region}.amazonaws.com"}})


def administration(account: str) -> Statement:
    """Return the statement by which the account's policies govern a key; without it no principal can change the key."""
    return allow(["kms:*"], ["*"], principal={"AWS": f"arn:aws:iam::{account}:root"})


def site_key(account: str, region: str) -> str:
    """Return the policy of a site's key: its account, and the services that use the key in their own name."""
    logs = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{region}:{account}:log-group:*"}}
    # A policy may name a principal only if it exists, and AWS creates this role with the first scaling group of an
    # account. A condition may name it earlier.
    starter = f"arn:aws:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    machines = {"StringEquals": {"kms:CallerAccount": account}, "ArnEquals": {"aws:PrincipalArn": starter}}
    grants = {**machines, "Bool": {"kms:GrantIsForAWSResource": "true"}}
    publishers = {"Service": ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]}
    return document(
        administration(account),
        allow(KEY_USE, ["*"], principal={"Service": f"logs.{region}.amazonaws.com"}, conditions=logs),
        allow(KEY_USE, ["*"], principal={"AWS": "*"}, conditions=machines),
        allow(["kms:CreateGrant"], ["*"], principal={"AWS": "*"}, conditions=grants),
        allow(["kms:Decrypt", "kms:GenerateDataKey*"], ["*"], principal=publishers, conditions=from_account(account)),
    )


def log_key(account: str, region: str) -> str:
    """Return the policy of a key that only encrypts logs."""
    logs = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{region}:{account}:log-group:*"}}
    service = {"Service": f"logs.{region}.amazonaws.com"}
    return document(administration(account), allow(KEY_USE, ["*"], principal=service, conditions=logs))


def signing_key(account: str) -> str:
    """Return the policy of the key with which Route 53 signs the zone-signing keys of the account's zones."""
    service = {"Service": "dnssec-route53.amazonaws.com"}
    grants = {**from_account(account), "Bool": {"kms:GrantIsForAWSResource": "true"}}
    return document(
        administration(account),
        allow(
            ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"],
            ["*"],
            principal=service,
            conditions=from_account(account),
        ),
        allow(["kms:CreateGrant"], ["*"], principal=service, conditions=grants),
    )


def log_queries(account: str, log_group: str) -> str:
    """Return the policy by which a log group accepts events from Route 53 for the account's zones."""
    zones = {**from_account(account), "ArnLike": {"aws:SourceArn": "arn:aws:route53:::hostedzone/*"}}
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    return document(
        allow(actions, [f"{log_group}:*"], principal={"Service": "route53.amazonaws.com"}, conditions=zones)
    )


def alarm_channel(account: str, topic: str) -> str:
    """Return the policy of a topic: alarms and budgets of the account may publish to it, over TLS."""
    publishers = {"Service": ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]}
    return document(
        allow(["sns:Publish"], [topic], principal=publishers, conditions=from_account(account)),
        only_tls("sns:Publish", [topic]),
    )


def write_logs(log_group: str) -> str:
    """Return the permissions to write to one log group."""
    actions = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    return document(
        allow(actions, [log_group, f"{log_group}:*"]),
        allow(["logs:DescribeLogGroups"], ["*"]),
    )


def replicate(source: str, copy: str, key: NamedKey, copy_key: NamedKey) -> str:
    """Return the permissions to replicate one bucket to another."""
    read = ["s3:GetObjectRetention", "s3:GetObjectLegalHold", "s3:GetObjectVersionAcl"]
    return document(
        allow(["s3:GetReplicationConfiguration", "s3:ListBucket"], [source]),
        allow([*read, "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"], [f"{source}/*"]),
        allow(["s3:ReplicateObject", "s3:ReplicateTags"], [f"{copy}/*"]),
        key.allow_for_objects(["kms:Decrypt"]),
        copy_key.allow_for_objects(["kms:Encrypt", "kms:GenerateDataKey"]),
    )


def back_up(bucket: str, key: NamedKey) -> str:
    """Return the permissions of the backup workload: to add objects and to read them, not to change or delete them."""
    return document(
        allow(["s3:GetBucketLocation", "s3:ListBucket"], [bucket]),
        allow(["s3:AbortMultipartUpload", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], [f"{bucket}/*"]),
        key.allow_for_objects(["kms:Decrypt", "kms:GenerateDataKey"]),
    )


def scale(cluster: str, cluster_arn: str) -> str:
    """Return the permissions of the node autoscaler: to read all scaling groups, and to resize those of its cluster."""
    reads = [
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeAutoScalingInstances",
        "autoscaling:DescribeLaunchConfigurations",
        "autoscaling:DescribeScalingActivities",
        "ec2:DescribeImages",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeLaunchTemplateVersions",
        "ec2:GetInstanceTypesFromInstanceRequirements",
    ]
    sizes = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
    owned = {"StringEquals": {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{cluster}": "owned"}}
    nodes = cluster_arn.replace(":cluster/", ":nodegroup/", 1) + "/*"
    return document(
        allow(reads, ["*"]),
        allow(["eks:DescribeNodegroup"], [nodes]),
        allow(sizes, ["*"], conditions=owned),
    )


def use_for_disks(key: NamedKey) -> str:
    """Return the permissions of the disk driver: to use a key, and to grant its use to EBS."""
    grants = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return document(key.allow(KEY_USE), key.allow(["kms:CreateGrant"], conditions=grants))


def endpoint(account: str) -> str:
    """Return the policy of an endpoint, which admits only principals of the account."""
    same_account = {"StringEquals": {"aws:PrincipalAccount": account}}
    return document(allow(["*"], ["*"], principal={"AWS": "*"}, conditions=same_account))


def storage_endpoint(account: str) -> str:
    """Return the policy of the S3 endpoint: every object may be read, because AWS keeps images in its own buckets.

    All other actions are limited to principals and buckets of the account, so data cannot leave the site this way.
    """
    same_account = {"StringEquals": {"aws:PrincipalAccount": account, "aws:ResourceAccount": account}}
    any_principal = {"AWS": "*"}
    return document(
        allow(["s3:GetObject"], ["*"], principal=any_principal),
        allow(["s3:*"], ["*"], principal=any_principal, conditions=same_account),
    )
