"""Access policies as plain documents, decided from settings alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Statement = dict[str, Any]
Conditions = Mapping[str, Mapping[str, str | Sequence[str]]]

KEY_USE: Final = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")


def document(*statements: Statement) -> str:
    """The text of a policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


def allow(
    actions: Sequence[str],
    resources: Sequence[str],
    *,
    principal: Mapping[str, str | Sequence[str]] | None = None,
    when: Conditions | None = None,
) -> Statement:
    """A statement that allows; ``principal`` only in the policy of a resource."""
    statement: Statement = {"Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    if principal is not None:
        statement["Principal"] = dict(principal)
    if when is not None:
        statement["Condition"] = {operator: dict(values) for operator, values in when.items()}
    return statement


def own_account(account: str) -> Conditions:
    """Only on behalf of ``account``: a service must not be talked into acting for somebody else's."""
    return {"StringEquals": {"aws:SourceAccount": account}}


def trust_service(service: str, conditions: Conditions | None = None) -> str:
    """Who may take a role: a service of AWS."""
    statement: Statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    if conditions is not None:
        statement["Condition"] = dict(conditions)
    return document(statement)


def trust_account(account: str) -> str:
    """Who may take a role: whom the account's own policies let, if they carry the project's tag."""
    return document(
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
            "Condition": {"StringEquals": {"aws:PrincipalTag/project": "pouw"}},
        }
    )


def trust_pods(cluster_arn: str, namespace: str, service_account: str) -> str:
    """Who may take a role: pods of one service account of one cluster, as the cluster itself vouches for them."""
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
    """Nobody gets anything over a connection that can be read."""
    return {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": action,
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def take_logs(bucket: str, account: str, region: str, *, edge: str, storage: tuple[str, str]) -> str:
    """The policy of a bucket of access logs: AWS writes those of the account's balancers and of one other bucket.

    ``edge`` is the prefix of the balancers' logs, ``storage`` that of the bucket's and its ARN.
    """
    prefix, source = storage
    balancers = f"arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/*"
    logged = {**own_account(account), "ArnLike": {"aws:SourceArn": source}}
    return document(
        allow(
            ["s3:PutObject"],
            [f"{bucket}/{edge}/AWSLogs/{account}/*"],
            principal={"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
            when={"ArnLike": {"aws:SourceArn": balancers}},
        ),
        allow(
            ["s3:PutObject"], [f"{bucket}/{prefix}*"], principal={"Service": "logging.s3.amazonaws.com"}, when=logged
        ),
        only_tls("s3:*", [bucket, f"{bucket}/*"]),
    )


@dataclass(frozen=True, kw_only=True)
class NamedKey:
    """A key by its alias: its own name is not known before it is made, and a policy should be read before that."""

    account: str
    region: str
    alias: str

    def allow(self, actions: Sequence[str], when: Conditions | None = None) -> Statement:
        """A statement that allows uses of this key and of no other."""
        this = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": self.alias}}
        keys = f"arn:aws:kms:{self.region}:{self.account}:key/*"
        return allow(actions, [keys], when={**this, **(when or {})})

    def allow_for_objects(self, actions: Sequence[str]) -> Statement:
        """The same for what object storage does with the key in somebody's name, and for nothing else."""
        return self.allow(actions, when={"StringEquals": {"kms:ViaService": f"s3.{self.region}.amazonaws.com"}})


def administration(account: str) -> Statement:
    """A key is governed by the account's own policies; without this statement nobody could ever change it."""
    return allow(["kms:*"], ["*"], principal={"AWS": f"arn:aws:iam::{account}:root"})


def site_key(account: str, region: str) -> str:
    """The policy of a site's key: its account, and those services that use it on no user's behalf."""
    logs = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{region}:{account}:log-group:*"}}
    # The role that starts machines is named in a condition: a principal has to exist before a policy may name it, and
    # AWS makes this one with the first scaling group of an account.
    starter = f"arn:aws:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
    machines = {"StringEquals": {"kms:CallerAccount": account}, "ArnEquals": {"aws:PrincipalArn": starter}}
    grants = {**machines, "Bool": {"kms:GrantIsForAWSResource": "true"}}
    tellers = {"Service": ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]}
    return document(
        administration(account),
        allow(KEY_USE, ["*"], principal={"Service": f"logs.{region}.amazonaws.com"}, when=logs),
        allow(KEY_USE, ["*"], principal={"AWS": "*"}, when=machines),
        allow(["kms:CreateGrant"], ["*"], principal={"AWS": "*"}, when=grants),
        allow(["kms:Decrypt", "kms:GenerateDataKey*"], ["*"], principal=tellers, when=own_account(account)),
    )


def log_key(account: str, region: str) -> str:
    """The policy of a key that encrypts logs alone."""
    logs = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{region}:{account}:log-group:*"}}
    service = {"Service": f"logs.{region}.amazonaws.com"}
    return document(administration(account), allow(KEY_USE, ["*"], principal=service, when=logs))


def signing_key(account: str) -> str:
    """The policy of a key that the name service signs its own keys with, for zones of the account."""
    service = {"Service": "dnssec-route53.amazonaws.com"}
    grants = {**own_account(account), "Bool": {"kms:GrantIsForAWSResource": "true"}}
    return document(
        administration(account),
        allow(["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"], ["*"], principal=service, when=own_account(account)),
        allow(["kms:CreateGrant"], ["*"], principal=service, when=grants),
    )


def log_queries(account: str, log_group: str) -> str:
    """Whom a log group takes events from: the name service, on behalf of the account's zones."""
    zones = {**own_account(account), "ArnLike": {"aws:SourceArn": "arn:aws:route53:::hostedzone/*"}}
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    return document(allow(actions, [f"{log_group}:*"], principal={"Service": "route53.amazonaws.com"}, when=zones))


def alarm_channel(account: str, topic: str) -> str:
    """The policy of a topic: alarms and budgets of the account may publish, over TLS."""
    tellers = {"Service": ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]}
    return document(
        allow(["sns:Publish"], [topic], principal=tellers, when=own_account(account)),
        only_tls("sns:Publish", [topic]),
    )


def write_logs(log_group: str) -> str:
    """What a service needs that writes to one log group."""
    actions = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    return document(
        allow(actions, [log_group, f"{log_group}:*"]),
        allow(["logs:DescribeLogGroups"], ["*"]),
    )


def replicate(source: str, copy: str, key: NamedKey, copy_key: NamedKey) -> str:
    """What the copying of one bucket to another needs."""
    read = ["s3:GetObjectRetention", "s3:GetObjectLegalHold", "s3:GetObjectVersionAcl"]
    return document(
        allow(["s3:GetReplicationConfiguration", "s3:ListBucket"], [source]),
        allow([*read, "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging"], [f"{source}/*"]),
        allow(["s3:ReplicateObject", "s3:ReplicateTags"], [f"{copy}/*"]),
        key.allow_for_objects(["kms:Decrypt"]),
        copy_key.allow_for_objects(["kms:Encrypt", "kms:GenerateDataKey"]),
    )


def back_up(bucket: str, key: NamedKey) -> str:
    """What the backup workload needs: to add objects and to read them. It can neither change nor remove one."""
    return document(
        allow(["s3:GetBucketLocation", "s3:ListBucket"], [bucket]),
        allow(["s3:AbortMultipartUpload", "s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], [f"{bucket}/*"]),
        key.allow_for_objects(["kms:Decrypt", "kms:GenerateDataKey"]),
    )


def scale(cluster: str, cluster_arn: str) -> str:
    """What the cluster's autoscaler needs: to look at groups, and to size those of its own cluster."""
    looks = [
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
        allow(looks, ["*"]),
        allow(["eks:DescribeNodegroup"], [nodes]),
        allow(sizes, ["*"], when=owned),
    )


def use_for_disks(key: NamedKey) -> str:
    """What the disk driver needs of a key: to use it, and to pass its use on to the disks' service."""
    grants = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    return document(key.allow(KEY_USE), key.allow(["kms:CreateGrant"], when=grants))


def endpoint(account: str) -> str:
    """Through the site's endpoints go the account's own identities and nobody else's: no borrowed key works there."""
    own = {"StringEquals": {"aws:PrincipalAccount": account}}
    return document(allow(["*"], ["*"], principal={"AWS": "*"}, when=own))


def storage_endpoint(account: str) -> str:
    """Through the endpoint of object storage anything may be read, for images lie in buckets of others.

    Everything else is for the account's own identities in its own buckets: nothing is carried out of the site this way.
    """
    own = {"StringEquals": {"aws:PrincipalAccount": account, "aws:ResourceAccount": account}}
    anybody = {"AWS": "*"}
    return document(
        allow(["s3:GetObject"], ["*"], principal=anybody), allow(["s3:*"], ["*"], principal=anybody, when=own)
    )
