"""Each facet of the posture on AWS sees what is broken: one compliant site, one thing broken a case."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest

from infra.aws import access_policies
from tests.contracts import posture
from tests.contracts.posture_aws import FACETS
from tests.infra.recorder import Recorded

ANYBODY = json.dumps({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}]})
BREAKS: tuple[tuple[str, str, tuple[str | int, ...], Any], ...] = (
    ("own_key", "LogGroup", ("kmsKeyId",), None),
    ("own_key", "Topic", ("kmsMasterKeyId",), "alias/aws/sns"),
    ("own_key", "Key", ("enableKeyRotation",), False),
    ("own_key", "LaunchTemplate", ("blockDeviceMappings", 0, "ebs", "encrypted"), "false"),
    ("private_nodes", "Subnet", ("mapPublicIpOnLaunch",), True),
    ("private_nodes", "LaunchTemplate", ("metadataOptions", "httpTokens"), "optional"),
    ("private_nodes", "LaunchTemplate", ("networkInterfaces", 0, "associatePublicIpAddress"), "true"),
    ("private_nodes", "LaunchTemplate", ("keyName",), "somebody"),
    ("private_api", "Cluster", ("vpcConfig", "endpointPublicAccess"), True),
    ("audit_log", "Cluster", ("enabledClusterLogTypes",), ["api"]),
    ("flow_log", "FlowLog", ("trafficType",), "REJECT"),
    ("access_logs", "BucketLogging", ("targetBucket",), None),
    ("access_logs", "LoadBalancer inner", ("accessLogs", "enabled"), False),
    ("access_logs", "BucketPublicAccessBlock logs-access", ("bucket",), "another"),
    ("access_logs", "BucketLifecycleConfiguration logs-copy-access", ("bucket",), "another"),
    ("deletion_protection", "Cluster", ("deletionProtection",), False),
    ("deletion_protection", "LoadBalancer", ("enableDeletionProtection",), False),
    ("deletion_protection", "Bucket", ("forceDestroy",), True),
    ("backups_locked", "BucketObjectLockConfiguration", ("rule", "defaultRetention", "mode"), "GOVERNANCE"),
    ("backups_locked", "BucketVersioning backups", ("versioningConfiguration", "status"), "Suspended"),
    ("backups_locked", "BucketPolicy backups", ("policy",), access_policies.document()),
    ("backups_copied", "BucketReplicationConfig", ("rules", 0, "deleteMarkerReplication", "status"), "Enabled"),
    ("backups_copied", "Bucket backups-bucket", ("region",), "us-west-2"),
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
    ("readiness_for_all", "SecurityGroupIngressRule", ("cidrIpv4",), "198.51.100.0/24"),
    ("readiness_for_all", "WebAcl", ("rules", 1, "action"), {"count": {}}),
    ("readiness_for_all", "WebAcl", ("rules", 2, "action"), {"count": {}}),
    ("readiness_for_all", "WebAcl", ("rules", 0, "name"), "other"),
    ("signed_names", "HostedZoneDnsSec", ("signingStatus",), "NOT_SIGNING"),
    ("signed_names", "KeySigningKey", ("status",), "INACTIVE"),
    ("signed_names", "LogResourcePolicy", ("policyDocument",), "{}"),
    ("pools_scale", "Deployment", ("spec", "replicas"), 1),
    ("pools_scale", "Deployment", ("spec", "template", "spec", "containers", 0, "args"), ["--cloud-provider=aws"]),
    ("pools_scale", "NodeGroup", ("scalingConfig", "maxSize"), 0),
    ("pools_scale", "Cluster", ("name",), "other"),
    ("secrets_encrypted", "Cluster", ("encryptionConfig", "resources"), []),
    ("budget", "Budget", ("notifications", 2, "notificationType"), "ACTUAL"),
)


@cache
def declared() -> Sequence[Recorded]:
    """The compliant site."""
    return posture.declared("aws")


@pytest.mark.parametrize(("facet", "kind", "path", "value"), BREAKS)
def test_a_facet_sees_one_thing_that_is_broken(facet: str, kind: str, path: tuple[str | int, ...], value: Any) -> None:
    assert FACETS[facet](posture.broken(declared(), kind, path, value)) != []


def test_an_audit_log_that_is_kept_for_a_month_is_none() -> None:
    found = posture.replaced(declared(), "audit-logs-control-plane", ("retentionInDays",), 30)
    assert FACETS["audit_log"](found) != []


@pytest.mark.parametrize(
    ("facet", "kind"),
    [
        ("own_key", "BucketServerSideEncryptionConfiguration"),
        ("flow_log", "FlowLog"),
        ("access_logs", "BucketLogging"),
        ("named_administrators", "AccessPolicyAssociation"),
        ("backups_locked", "BucketPublicAccessBlock"),
        ("backups_copied", "BucketReplicationConfig"),
        ("workload_identity", "PodIdentityAssociation"),
        ("tls_edge", "WebAclAssociation"),
        ("budget", "Budget"),
        ("pools_scale", "PodIdentityAssociation"),
        ("pools_scale", "RolePolicy"),
        ("pools_scale", "Deployment"),
        ("signed_names", "QueryLog"),
        ("signed_names", "HostedZoneDnsSec"),
    ],
)
def test_a_facet_misses_what_is_not_there(facet: str, kind: str) -> None:
    assert FACETS[facet](posture.without(declared(), kind)) != []


def test_a_role_that_any_pod_may_take_is_no_workload_identity() -> None:
    trust = json.loads(access_policies.trust_pods("cluster", "pouw-system", "pouw-backup"))
    del trust["Statement"][0]["Condition"]["StringEquals"]["aws:RequestTag/kubernetes-service-account"]
    found = posture.broken(declared(), "iam/role:Role", ("assumeRolePolicy",), json.dumps(trust))
    assert FACETS["workload_identity"](found) != []


def test_without_the_agent_no_pod_has_an_identity() -> None:
    found = [one for one in declared() if one.inputs.get("addonName") != "eks-pod-identity-agent"]
    assert FACETS["workload_identity"](found) != []
