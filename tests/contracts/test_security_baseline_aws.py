"""Violations of the security baseline on AWS: each is one change to a compliant site."""

from __future__ import annotations

import json

import pytest

from infra.aws import access_policies
from tests.contracts import security_baseline
from tests.contracts.security_baseline import Change

ANYBODY = json.dumps({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]})
CHANGES: tuple[Change, ...] = (
    ("customer_managed_keys", "LogGroup", ("kmsKeyId",), None),
    ("customer_managed_keys", "Topic", ("kmsMasterKeyId",), "alias/aws/sns"),
    ("customer_managed_keys", "Key", ("enableKeyRotation",), False),
    ("customer_managed_keys", "LaunchTemplate", ("blockDeviceMappings", 0, "ebs", "encrypted"), "false"),
    ("private_nodes", "Subnet", ("mapPublicIpOnLaunch",), True),
    ("private_nodes", "LaunchTemplate", ("metadataOptions", "httpTokens"), "optional"),
    ("private_nodes", "LaunchTemplate", ("networkInterfaces", 0, "associatePublicIpAddress"), "true"),
    ("private_nodes", "LaunchTemplate", ("keyName",), "operator"),
    ("private_api", "Cluster", ("vpcConfig", "endpointPublicAccess"), True),
    ("audit_logs", "Cluster", ("enabledClusterLogTypes",), ["api"]),
    ("flow_logs", "FlowLog", ("trafficType",), "REJECT"),
    ("access_logs", "BucketLogging", ("targetBucket",), None),
    ("access_logs", "LoadBalancer inner", ("accessLogs", "enabled"), False),
    ("access_logs", "BucketPublicAccessBlock logs-access", ("bucket",), "another"),
    ("access_logs", "BucketLifecycleConfiguration logs-copy-access", ("bucket",), "another"),
    ("deletion_protection", "Cluster", ("deletionProtection",), False),
    ("deletion_protection", "LoadBalancer", ("enableDeletionProtection",), False),
    ("deletion_protection", "Bucket", ("forceDestroy",), True),
    ("immutable_backups", "BucketObjectLockConfiguration", ("rule", "defaultRetention", "mode"), "GOVERNANCE"),
    ("immutable_backups", "BucketVersioning backups", ("versioningConfiguration", "status"), "Suspended"),
    ("immutable_backups", "BucketPolicy backups", ("policy",), access_policies.document()),
    ("replicated_backups", "BucketReplicationConfig", ("rules", 0, "deleteMarkerReplication", "status"), "Enabled"),
    ("replicated_backups", "Bucket backups-bucket", ("region",), "us-west-2"),
    (
        "least_privilege",
        "RolePolicy",
        ("policy",),
        access_policies.document(access_policies.allow(["s3:*"], ["arn:aws:s3:::b"])),
    ),
    (
        "least_privilege",
        "RolePolicy",
        ("policy",),
        access_policies.document(access_policies.allow(["s3:PutObject"], ["*"])),
    ),
    ("least_privilege", "iam/role:Role", ("assumeRolePolicy",), ANYBODY),
    ("least_privilege", "RolePolicyAttachment", ("policyArn",), "arn:aws:iam::aws:policy/AdministratorAccess"),
    ("least_privilege", "iam/role:Role", ("permissionsBoundary",), None),
    (
        "least_privilege",
        "Policy",
        ("policy",),
        access_policies.document(access_policies.allow(["iam:CreateRole"], ["*"])),
    ),
    ("named_administrators", "Cluster", ("accessConfig", "bootstrapClusterCreatorAdminPermissions"), True),
    ("named_administrators", "Cluster", ("accessConfig", "authenticationMode"), "API_AND_CONFIG_MAP"),
    ("named_administrators", "AccessPolicyAssociation", ("principalArn",), "arn:aws:iam::111122223333:role/other"),
    ("immutable_images", "Repository", ("imageTagMutability",), "MUTABLE"),
    ("tls_edge", "Listener", ("protocol",), "HTTP"),
    ("public_readiness", "SecurityGroupIngressRule", ("cidrIpv4",), "198.51.100.0/24"),
    ("public_readiness", "WebAcl", ("rules", 1, "action"), {"count": {}}),
    ("public_readiness", "WebAcl", ("rules", 2, "action"), {"count": {}}),
    ("public_readiness", "WebAcl", ("rules", 0, "name"), "other"),
    ("dnssec", "HostedZoneDnsSec", ("signingStatus",), "NOT_SIGNING"),
    ("dnssec", "KeySigningKey", ("status",), "INACTIVE"),
    ("dnssec", "LogResourcePolicy", ("policyDocument",), "{}"),
    ("node_autoscaling", "Deployment", ("spec", "replicas"), 1),
    ("node_autoscaling", "Deployment", ("spec", "template", "spec", "containers", 0, "args"), ["--cloud-provider=aws"]),
    ("node_autoscaling", "NodeGroup", ("scalingConfig", "maxSize"), 0),
    ("node_autoscaling", "Cluster", ("name",), "other"),
    ("encrypted_secrets", "Cluster", ("encryptionConfig", "resources"), []),
    ("budget", "Budget", ("notifications", 2, "notificationType"), "ACTUAL"),
    ("audit_logs", "LogGroup audit-logs-control-plane", ("retentionInDays",), 30),
)
"""Changes, each of which violates a requirement."""
MISSING: tuple[tuple[str, str], ...] = (
    ("customer_managed_keys", "BucketServerSideEncryptionConfiguration"),
    ("flow_logs", "FlowLog"),
    ("access_logs", "BucketLogging"),
    ("named_administrators", "AccessPolicyAssociation"),
    ("immutable_backups", "BucketPublicAccessBlock"),
    ("replicated_backups", "BucketReplicationConfig"),
    ("workload_identity", "PodIdentityAssociation"),
    ("tls_edge", "WebAclAssociation"),
    ("budget", "Budget"),
    ("node_autoscaling", "PodIdentityAssociation"),
    ("node_autoscaling", "RolePolicy"),
    ("node_autoscaling", "Deployment"),
    ("dnssec", "QueryLog"),
    ("dnssec", "HostedZoneDnsSec"),
)
"""Kinds of resources without which a requirement is not met."""


@pytest.mark.parametrize("requirement", sorted({name for name, *_ in (*CHANGES, *MISSING)}))
def test_every_violation_of_a_requirement_is_detected(requirement: str) -> None:
    variants = [
        *security_baseline.changed_sites("aws", requirement, CHANGES),
        *security_baseline.reduced_sites("aws", requirement, MISSING),
    ]
    assert security_baseline.undetected("aws", requirement, variants) == []


def test_a_role_for_every_pod_violates_workload_identity() -> None:
    trust = json.loads(access_policies.trust_pods("cluster", "pouw-system", "pouw-backup"))
    del trust["Statement"][0]["Condition"]["StringEquals"]["aws:RequestTag/kubernetes-service-account"]
    resources = security_baseline.with_change(
        security_baseline.production_site("aws"), "iam/role:Role", ("assumeRolePolicy",), json.dumps(trust)
    )
    assert security_baseline.checks("aws")["workload_identity"](resources) != []


def test_a_missing_pod_identity_agent_violates_workload_identity() -> None:
    resources = [
        resource
        for resource in security_baseline.production_site("aws")
        if resource.inputs.get("addonName") != "eks-pod-identity-agent"
    ]
    assert security_baseline.checks("aws")["workload_identity"](resources) != []
