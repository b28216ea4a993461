"""The security baseline of a site on AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tests.contracts import edge_access
from tests.contracts.security_baseline import lookup, mismatches, of_kind
from tests.infra.aws.compliant_site import ANSWERS as ANSWERS  # noqa: PLC0414 - the recorder's answers, by their common name
from tests.infra.recorder import Recorded

_ANYWHERE: Final = "0.0.0.0/0"
_READING: Final = ("Describe", "Get", "List")
_STRONG_TLS: Final = ("ELBSecurityPolicy-TLS13-1-2-", "ELBSecurityPolicy-TLS13-1-3-")
_AGENT: Final = "eks-pod-identity-agent"
_POD_TAGS: Final = ("eks-cluster-arn", "kubernetes-namespace", "kubernetes-service-account")
_DISK: Final = ("blockDeviceMappings", 0, "ebs")
_ROLE: Final = "iam/role:Role"
_ENCRYPTION: Final = ("rules", 0, "applyServerSideEncryptionByDefault")


def _is_key(value: Any) -> bool:
    return isinstance(value, str) and ":key/" in value


def _is_on(value: Any) -> bool:
    return value in (True, "true")


def _is_off(value: Any) -> bool:
    return value in (False, "false")


def customer_managed_keys(resources: Sequence[Recorded]) -> list[str]:
    """Return the stores that are not encrypted under the site's rotated key."""
    key_paths: tuple[tuple[str, tuple[str | int, ...]], ...] = (
        ("LogGroup", ("kmsKeyId",)),
        ("Topic", ("kmsMasterKeyId",)),
        ("Repository", ("encryptionConfigurations", 0, "kmsKey")),
        ("BucketServerSideEncryptionConfiguration", (*_ENCRYPTION, "kmsMasterKeyId")),
        ("LaunchTemplate", (*_DISK, "kmsKeyId")),
    )
    missing = [
        fault for kind, path in key_paths for fault in mismatches(_without_log_buckets(resources), kind, _is_key, *path)
    ]
    missing += mismatches(resources, "LaunchTemplate", _is_on, *_DISK, "encrypted")
    if len(of_kind(resources, "BucketServerSideEncryptionConfiguration")) < len(of_kind(resources, "Bucket")):
        missing.append("a bucket has no encryption of its own")
    encrypting = [key for key in of_kind(resources, "Key") if key.inputs.get("keyUsage") != "SIGN_VERIFY"]
    return [*missing, *mismatches(encrypting, "Key", _is_on, "enableKeyRotation")]


def _log_buckets(resources: Sequence[Recorded]) -> set[str]:
    """Return the buckets for access logs, which AWS delivers only to buckets under its own key."""
    targets = {resource.inputs.get("targetBucket") for resource in of_kind(resources, "BucketLogging")}
    targets |= {lookup(resource.inputs, "accessLogs", "bucket") for resource in of_kind(resources, "LoadBalancer")}
    return {name for name in targets if name}


def _without_log_buckets(resources: Sequence[Recorded]) -> list[Recorded]:
    """Return the resources except buckets for access logs and their settings."""
    logs = _log_buckets(resources)
    return [resource for resource in resources if resource.inputs.get("bucket") not in logs]


def private_nodes(resources: Sequence[Recorded]) -> list[str]:
    """Return the machines and subnets that the internet reaches, or that leave the network directly."""
    interface, metadata = ("networkInterfaces", 0, "associatePublicIpAddress"), "metadataOptions"
    return [
        *mismatches(resources, "Subnet", _is_off, "mapPublicIpOnLaunch"),
        *mismatches(resources, "LaunchTemplate", _is_off, *interface),
        *mismatches(resources, "LaunchTemplate", lambda name: name is None, "keyName"),
        *mismatches(resources, "LaunchTemplate", lambda tokens: tokens == "required", metadata, "httpTokens"),
        *mismatches(resources, "LaunchTemplate", lambda hops: hops == 1, metadata, "httpPutResponseHopLimit"),
        *mismatches(resources, "NodeGroup", bool, "launchTemplate"),
        *mismatches(resources, "NodeGroup", lambda access: access is None, "remoteAccess"),
    ]


def private_api(resources: Sequence[Recorded]) -> list[str]:
    """Return the clusters whose API server answers addresses outside its allow-list."""
    return [
        *mismatches(resources, "Cluster", _is_on, "vpcConfig", "endpointPrivateAccess"),
        *(
            f"{resource.name}: its API server answers every address"
            for resource in of_kind(resources, "Cluster")
            if not _is_off(lookup(resource.inputs, "vpcConfig", "endpointPublicAccess"))
            and _ANYWHERE in (lookup(resource.inputs, "vpcConfig", "publicAccessCidrs") or [_ANYWHERE])
        ),
    ]


def audit_logs(resources: Sequence[Recorded]) -> list[str]:
    """Return the audit logs that are not collected, or not retained for a year."""
    expected = {"api", "audit", "authenticator"}
    missing = list(
        mismatches(resources, "Cluster", lambda types: expected <= set(types or ()), "enabledClusterLogTypes")
    )
    groups = {
        resource.inputs.get("name"): resource.inputs.get("retentionInDays") or 0
        for resource in of_kind(resources, "LogGroup")
    }
    return missing + [
        f"{resource.name}: its log is not retained for a year"
        for resource in of_kind(resources, "Cluster")
        if groups.get(f"/aws/eks/{resource.inputs.get('name')}/cluster", 0) < 365
    ]


def flow_logs(resources: Sequence[Recorded]) -> list[str]:
    """Return the networks whose connections are not all logged."""
    return list(mismatches(resources, "FlowLog", lambda kind: kind == "ALL", "trafficType"))


def access_logs(resources: Sequence[Recorded]) -> list[str]:
    """Return the backups and edges without an access log."""
    logged = {
        resource.inputs.get("bucket")
        for resource in of_kind(resources, "BucketLogging")
        if resource.inputs.get("targetBucket")
    }
    load_balancers = [
        resource
        for resource in of_kind(resources, "LoadBalancer")
        if resource.inputs.get("loadBalancerType") == "application"
    ]
    private = {resource.inputs.get("bucket") for resource in of_kind(resources, "BucketPublicAccessBlock")}
    expiring = {resource.inputs.get("bucket") for resource in of_kind(resources, "BucketLifecycleConfiguration")}
    return [
        *([] if load_balancers else ["there is no load balancer for the edge"]),
        *(
            f"{resource.name}: has no log"
            for resource in of_kind(_without_log_buckets(resources), "Bucket")
            if resource.inputs["bucket"] not in logged
        ),
        *(
            f"{resource.name}: has no log"
            for resource in load_balancers
            if not _is_on(lookup(resource.inputs, "accessLogs", "enabled"))
        ),
        *(f"{name}: is public" for name in _log_buckets(resources) - private),
        *(f"{name}: has no lifecycle rule" for name in _log_buckets(resources) - expiring),
    ]


def deletion_protection(resources: Sequence[Recorded]) -> list[str]:
    """Return the irreplaceable resources that can be deleted by mistake."""
    return [
        *mismatches(resources, "Cluster", _is_on, "deletionProtection"),
        *mismatches(resources, "LoadBalancer", _is_on, "enableDeletionProtection"),
        *mismatches(resources, "Key", lambda days: (days or 0) >= 30, "deletionWindowInDays"),
        *mismatches(resources, "Bucket", _is_off, "forceDestroy"),
        *mismatches(resources, "Repository", _is_off, "forceDelete"),
        *mismatches(resources, "Zone", _is_off, "forceDestroy"),
    ]


def immutable_backups(resources: Sequence[Recorded]) -> list[str]:
    """Return the backups that can be changed within their retention, or read publicly."""
    retention = ("rule", "defaultRetention")
    private = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    resources = _without_log_buckets(resources)
    buckets = len(of_kind(resources, "Bucket"))
    missing = [
        *mismatches(resources, "Bucket", _is_on, "objectLockEnabled"),
        *mismatches(resources, "BucketObjectLockConfiguration", lambda mode: mode == "COMPLIANCE", *retention, "mode"),
        *mismatches(resources, "BucketObjectLockConfiguration", lambda days: (days or 0) >= 7, *retention, "days"),
        *mismatches(resources, "BucketVersioning", lambda on: on == "Enabled", "versioningConfiguration", "status"),
        *mismatches(resources, "BucketPolicy", _refuses_plain_connections, "policy"),
        *(fault for flag in private for fault in mismatches(resources, "BucketPublicAccessBlock", _is_on, flag)),
    ]
    required = ("BucketObjectLockConfiguration", "BucketVersioning", "BucketPolicy", "BucketPublicAccessBlock")
    return missing + [f"a bucket has no {kind}" for kind in required if len(of_kind(resources, kind)) < buckets]


def _refuses_plain_connections(policy: Any) -> bool:
    return any(
        resource["Effect"] == "Deny" and lookup(resource, "Condition", "Bool", "aws:SecureTransport") == "false"
        for resource in _statements(policy)
    )


def replicated_backups(resources: Sequence[Recorded]) -> list[str]:
    """Return the backups without a copy in another region under a key there."""
    rule = ("rules", 0)
    encryption = (*rule, "destination", "encryptionConfiguration", "replicaKmsKeyId")
    missing = [
        *mismatches(resources, "BucketReplicationConfig", lambda status: status == "Enabled", *rule, "status"),
        *mismatches(resources, "BucketReplicationConfig", _is_key, *encryption),
        *mismatches(
            resources,
            "BucketReplicationConfig",
            lambda status: status == "Disabled",
            *rule,
            "deleteMarkerReplication",
            "status",
        ),
    ]
    regions = {resource.inputs.get("region") for resource in of_kind(_without_log_buckets(resources), "Bucket")}
    return missing if len(regions) == 2 else [*missing, "the copy is not in another region"]


def least_privilege(resources: Sequence[Recorded]) -> list[str]:
    """Return the roles that permit more than necessary, or that any principal can use."""
    missing = [*mismatches(resources, "iam/role:Role", bool, "permissionsBoundary")]
    for resource in of_kind(resources, "Policy"):
        missing += [
            f"{resource.name}: {fault}"
            for entry in _statements(resource.inputs["policy"])
            for fault in _too_much(entry)
        ]
    missing += [] if of_kind(resources, "RolePolicy") else ["there is no RolePolicy"]
    for resource in of_kind(resources, "RolePolicy"):
        missing += [
            f"{resource.name}: {fault}"
            for entry in _statements(resource.inputs["policy"])
            for fault in _too_much(entry)
        ]
    for resource in of_kind(resources, _ROLE):
        if any(
            lookup(entry, "Principal") in ("*", {"AWS": "*"})
            for entry in _statements(resource.inputs["assumeRolePolicy"])
        ):
            missing.append(f"{resource.name}: every principal may assume it")
    for resource in of_kind(resources, "RolePolicyAttachment"):
        if str(resource.inputs["policyArn"]).endswith(("/AdministratorAccess", "/PowerUserAccess")):
            missing.append(f"{resource.name}: has an administrator policy")
    return missing


def _too_much(statement: Mapping[str, Any]) -> Iterator[str]:
    for action in statement["Action"]:
        service, _, verb = str(action).partition(":")
        if verb in ("", "*"):
            yield f"permits all actions of {service}"
        elif "*" in statement["Resource"] and "Condition" not in statement and not verb.startswith(_READING):
            yield f"permits {action} on every resource"


def named_administrators(resources: Sequence[Recorded]) -> list[str]:
    """Return the ways to administer the cluster besides the list of administrators."""
    associations = of_kind(resources, "AccessPolicyAssociation")
    return [
        *mismatches(resources, "Cluster", lambda mode: mode == "API", "accessConfig", "authenticationMode"),
        *mismatches(resources, "Cluster", _is_off, "accessConfig", "bootstrapClusterCreatorAdminPermissions"),
        *([] if associations else ["the cluster has no administrator"]),
        *(
            f"{resource.name}: has no access entry"
            for resource in associations
            if not _has_entry(resources, resource.inputs.get("principalArn"))
        ),
    ]


def _has_entry(resources: Sequence[Recorded], principal: object) -> bool:
    return any(resource.inputs.get("principalArn") == principal for resource in of_kind(resources, "AccessEntry"))


def workload_identity(resources: Sequence[Recorded]) -> list[str]:
    """Return the workloads without a bound identity, and all long-lived keys."""
    missing = (
        []
        if any(resource.inputs["addonName"] == _AGENT for resource in of_kind(resources, "Addon"))
        else [f"there is no {_AGENT}"]
    )
    for resource in of_kind(resources, _ROLE):
        for entry in _statements(resource.inputs["assumeRolePolicy"]):
            pods = lookup(entry, "Principal", "Service") == "pods.eks.amazonaws.com"
            conditions = lookup(entry, "Condition", "StringEquals") or {}
            if pods and not {f"aws:RequestTag/{tag}" for tag in _POD_TAGS} <= set(conditions):
                missing.append(f"{resource.name}: every pod may assume it")
    associations = {resource.inputs["serviceAccount"] for resource in of_kind(resources, "PodIdentityAssociation")}
    missing += ["the backup workload has no role"] if "pouw-backup" not in associations else []
    return [*missing, *(f"{resource.name}: is a long-lived key" for resource in of_kind(resources, "AccessKey"))]


def immutable_images(resources: Sequence[Recorded]) -> list[str]:
    """Return the registries whose tags can move or whose images are not scanned."""
    return [
        *mismatches(resources, "Repository", lambda mode: mode == "IMMUTABLE", "imageTagMutability"),
        *mismatches(resources, "Repository", _is_on, "imageScanningConfiguration", "scanOnPush"),
    ]


def tls_edge(resources: Sequence[Recorded]) -> list[str]:
    """Return the edges with weak or no TLS, or without the web firewall."""
    missing = list(mismatches(resources, "WebAclAssociation", bool, "webAclArn"))
    ends = [resource for resource in of_kind(resources, "Listener") if resource.inputs.get("protocol") == "HTTPS"]
    if not ends:
        missing.append("no listener terminates TLS")
    missing += [
        f"{resource.name}: old TLS, or no certificate"
        for resource in ends
        if not str(resource.inputs.get("sslPolicy")).startswith(_STRONG_TLS)
        or not resource.inputs.get("certificateArn")
    ]
    missing += mismatches(resources, "Listener", lambda port: port == 443, "port")
    missing += mismatches(resources, "Listener", lambda protocol: protocol in ("HTTPS", "TCP"), "protocol")
    return missing


def public_readiness(resources: Sequence[Recorded]) -> list[str]:
    """Return the requests that the edge answers wrongly, and rules without a rate limit."""
    missing = list(edge_access.served_wrongly(resources, edge_access.aws))
    limits = [
        rule for resource in of_kind(resources, "WebAcl") for rule in resource.inputs["rules"] if rule["name"] == "rate"
    ]
    if not any(lookup(rule, "statement", "rateBasedStatement", "limit") for rule in limits):
        missing.append("there is no rate limit")
    return missing


def dnssec(resources: Sequence[Recorded]) -> list[str]:
    """Return the zones that are not signed, or whose queries are not logged."""
    zones = {resource.inputs.get("zoneId") for resource in of_kind(resources, "QueryLog")}
    signing = [key for key in of_kind(resources, "Key") if key.inputs.get("keyUsage") == "SIGN_VERIFY"]
    return [
        *mismatches(resources, "HostedZoneDnsSec", lambda status: status == "SIGNING", "signingStatus"),
        *mismatches(resources, "KeySigningKey", lambda status: status == "ACTIVE", "status"),
        *mismatches(resources, "KeySigningKey", _is_key, "keyManagementServiceArn"),
        *mismatches(signing, "Key", lambda kind: kind == "ECC_NIST_P256", "customerMasterKeySpec"),
        *(
            f"{resource.name}: is not in us-east-1"
            for resource in signing
            if resource.inputs.get("region") != "us-east-1"
        ),
        *mismatches(resources, "QueryLog", bool, "cloudwatchLogGroupArn"),
        *mismatches(
            resources, "LogResourcePolicy", lambda text: "route53.amazonaws.com" in str(text), "policyDocument"
        ),
        *([] if len(zones) == len(of_kind(resources, "Zone")) else ["a zone has no query log"]),
    ]


def node_autoscaling(resources: Sequence[Recorded]) -> list[str]:
    """Return the node pools that do not scale between their bounds."""
    account = {"namespace": "pouw-system", "serviceAccount": "pouw-autoscaler"}
    associations = [
        resource
        for resource in of_kind(resources, "PodIdentityAssociation")
        if account.items() <= resource.inputs.items()
    ]
    spec = ("spec", "template", "spec")
    tags = "asg:tag=k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler"
    expected = [
        f"--node-group-auto-discovery={tags}/{resource.inputs.get('name')}"
        for resource in of_kind(resources, "Cluster")
    ]
    changes = [
        resource
        for resource in of_kind(resources, "RolePolicy")
        if "autoscaling:SetDesiredCapacity" in resource.inputs["policy"]
    ]
    return [
        *mismatches(resources, "NodeGroup", _is_bounded, "scalingConfig"),
        *mismatches(resources, "Deployment", lambda replicas: (replicas or 0) >= 2, "spec", "replicas"),
        *mismatches(
            resources, "Deployment", lambda name: name == account["serviceAccount"], *spec, "serviceAccountName"
        ),
        *mismatches(
            resources,
            "Deployment",
            lambda announced: set(expected) <= set(announced or ()),
            *spec,
            "containers",
            0,
            "args",
        ),
        *([] if associations else ["the autoscaler has no role"]),
        *([] if changes else ["no role may resize the groups"]),
    ]


def _is_bounded(config: Any) -> bool:
    return bool(config) and 0 <= config["minSize"] <= config["maxSize"]


def encrypted_secrets(resources: Sequence[Recorded]) -> list[str]:
    """Return the clusters whose secrets are not encrypted under the site's key."""
    return [
        *mismatches(resources, "Cluster", lambda kinds: kinds == ["secrets"], "encryptionConfig", "resources"),
        *mismatches(resources, "Cluster", _is_key, "encryptionConfig", "provider", "keyArn"),
    ]


def budget(resources: Sequence[Recorded]) -> list[str]:
    """Return the budgets that do not warn the contacts at 80 % and at 100 %."""
    missing = list(mismatches(resources, "Budget", bool, "limitAmount"))
    for resource in of_kind(resources, "Budget"):
        announced = {
            (entry.get("notificationType"), entry.get("threshold"))
            for entry in resource.inputs.get("notifications") or ()
            if entry.get("subscriberEmailAddresses")
        }
        expected = {("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)}
        missing += [
            f"{resource.name}: sends no message at {kind} {percent} %" for kind, percent in sorted(expected - announced)
        ]
    return missing


def _statements(policy: str) -> list[dict[str, Any]]:
    """Return the statements of a policy."""
    resources: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return resources
