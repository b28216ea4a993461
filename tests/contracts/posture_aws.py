"""The posture of a site on AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tests.contracts import edges
from tests.contracts.posture import Facet, at, of, wrong
from tests.infra.aws.declared import ANSWERS as ANSWERS  # noqa: PLC0414 - the recorder's answers, by their common name
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


def own_key(found: Sequence[Recorded]) -> list[str]:
    """All that rests is encrypted under a key of the site's own, which is changed every year."""
    places: tuple[tuple[str, tuple[str | int, ...]], ...] = (
        ("LogGroup", ("kmsKeyId",)),
        ("Topic", ("kmsMasterKeyId",)),
        ("Repository", ("encryptionConfigurations", 0, "kmsKey")),
        ("BucketServerSideEncryptionConfiguration", (*_ENCRYPTION, "kmsMasterKeyId")),
        ("LaunchTemplate", (*_DISK, "kmsKeyId")),
    )
    missing = [fault for kind, path in places for fault in wrong(_kept(found), kind, _is_key, *path)]
    missing += wrong(found, "LaunchTemplate", _is_on, *_DISK, "encrypted")
    if len(of(found, "BucketServerSideEncryptionConfiguration")) < len(of(found, "Bucket")):
        missing.append("a bucket has no encryption of its own")
    encrypting = [key for key in of(found, "Key") if key.inputs.get("keyUsage") != "SIGN_VERIFY"]
    return [*missing, *wrong(encrypting, "Key", _is_on, "enableKeyRotation")]


def _logs(found: Sequence[Recorded]) -> set[str]:
    """Buckets that AWS writes access logs to, which it does to those under its own key only."""
    takers = {one.inputs.get("targetBucket") for one in of(found, "BucketLogging")}
    takers |= {at(one.inputs, "accessLogs", "bucket") for one in of(found, "LoadBalancer")}
    return {name for name in takers if name}


def _kept(found: Sequence[Recorded]) -> list[Recorded]:
    """The same without buckets of access logs and what is about them."""
    logs = _logs(found)
    return [one for one in found if one.inputs.get("bucket") not in logs]


def private_nodes(found: Sequence[Recorded]) -> list[str]:
    """No machine has a public address or a login, and its credentials are out of reach of its pods."""
    interface, metadata = ("networkInterfaces", 0, "associatePublicIpAddress"), "metadataOptions"
    return [
        *wrong(found, "Subnet", _is_off, "mapPublicIpOnLaunch"),
        *wrong(found, "LaunchTemplate", _is_off, *interface),
        *wrong(found, "LaunchTemplate", lambda name: name is None, "keyName"),
        *wrong(found, "LaunchTemplate", lambda tokens: tokens == "required", metadata, "httpTokens"),
        *wrong(found, "LaunchTemplate", lambda hops: hops == 1, metadata, "httpPutResponseHopLimit"),
        *wrong(found, "NodeGroup", bool, "launchTemplate"),
        *wrong(found, "NodeGroup", lambda access: access is None, "remoteAccess"),
    ]


def private_api(found: Sequence[Recorded]) -> list[str]:
    """The API server answers inside, and outside only those who are named."""
    return [
        *wrong(found, "Cluster", _is_on, "vpcConfig", "endpointPrivateAccess"),
        *(
            f"{one.name}: the API server answers everybody"
            for one in of(found, "Cluster")
            if not _is_off(at(one.inputs, "vpcConfig", "endpointPublicAccess"))
            and _ANYWHERE in (at(one.inputs, "vpcConfig", "publicAccessCidrs") or [_ANYWHERE])
        ),
    ]


def audit_log(found: Sequence[Recorded]) -> list[str]:
    """What is asked of the API server is written down, and kept for a year."""
    wanted = {"api", "audit", "authenticator"}
    missing = list(wrong(found, "Cluster", lambda types: wanted <= set(types or ()), "enabledClusterLogTypes"))
    groups = {one.inputs.get("name"): one.inputs.get("retentionInDays") or 0 for one in of(found, "LogGroup")}
    return missing + [
        f"{one.name}: its log is not kept for a year"
        for one in of(found, "Cluster")
        if groups.get(f"/aws/eks/{one.inputs.get('name')}/cluster", 0) < 365
    ]


def flow_log(found: Sequence[Recorded]) -> list[str]:
    """Every connection of the network is written down."""
    return list(wrong(found, "FlowLog", lambda kind: kind == "ALL", "trafficType"))


def access_logs(found: Sequence[Recorded]) -> list[str]:
    """Who reads a backup and who calls the edge is written down, where nobody else reads it."""
    logged = {one.inputs.get("bucket") for one in of(found, "BucketLogging") if one.inputs.get("targetBucket")}
    edges = [one for one in of(found, "LoadBalancer") if one.inputs.get("loadBalancerType") == "application"]
    closed = {one.inputs.get("bucket") for one in of(found, "BucketPublicAccessBlock")}
    forgetful = {one.inputs.get("bucket") for one in of(found, "BucketLifecycleConfiguration")}
    return [
        *([] if edges else ["there is no edge"]),
        *(f"{one.name}: has no log" for one in of(_kept(found), "Bucket") if one.inputs["bucket"] not in logged),
        *(f"{one.name}: has no log" for one in edges if not _is_on(at(one.inputs, "accessLogs", "enabled"))),
        *(f"{name}: is open" for name in _logs(found) - closed),
        *(f"{name}: grows for ever" for name in _logs(found) - forgetful),
    ]


def deletion_protection(found: Sequence[Recorded]) -> list[str]:
    """What cannot be made again is not deleted by mistake."""
    return [
        *wrong(found, "Cluster", _is_on, "deletionProtection"),
        *wrong(found, "LoadBalancer", _is_on, "enableDeletionProtection"),
        *wrong(found, "Key", lambda days: (days or 0) >= 30, "deletionWindowInDays"),
        *wrong(found, "Bucket", _is_off, "forceDestroy"),
        *wrong(found, "Repository", _is_off, "forceDelete"),
        *wrong(found, "Zone", _is_off, "forceDestroy"),
    ]


def backups_locked(found: Sequence[Recorded]) -> list[str]:
    """Nobody can change or remove a backup while its lock holds, and nobody reads one over a plain connection."""
    retention = ("rule", "defaultRetention")
    closed = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    found = _kept(found)
    buckets = len(of(found, "Bucket"))
    missing = [
        *wrong(found, "Bucket", _is_on, "objectLockEnabled"),
        *wrong(found, "BucketObjectLockConfiguration", lambda mode: mode == "COMPLIANCE", *retention, "mode"),
        *wrong(found, "BucketObjectLockConfiguration", lambda days: (days or 0) >= 7, *retention, "days"),
        *wrong(found, "BucketVersioning", lambda on: on == "Enabled", "versioningConfiguration", "status"),
        *wrong(found, "BucketPolicy", _refuses_plain_connections, "policy"),
        *(fault for flag in closed for fault in wrong(found, "BucketPublicAccessBlock", _is_on, flag)),
    ]
    needed = ("BucketObjectLockConfiguration", "BucketVersioning", "BucketPolicy", "BucketPublicAccessBlock")
    return missing + [f"a bucket has no {kind}" for kind in needed if len(of(found, kind)) < buckets]


def _refuses_plain_connections(policy: Any) -> bool:
    return any(
        one["Effect"] == "Deny" and at(one, "Condition", "Bool", "aws:SecureTransport") == "false"
        for one in statements(policy)
    )


def backups_copied(found: Sequence[Recorded]) -> list[str]:
    """Every backup is copied to another region, under a key there; a removal is not."""
    rule = ("rules", 0)
    encryption = (*rule, "destination", "encryptionConfiguration", "replicaKmsKeyId")
    missing = [
        *wrong(found, "BucketReplicationConfig", lambda status: status == "Enabled", *rule, "status"),
        *wrong(found, "BucketReplicationConfig", _is_key, *encryption),
        *wrong(
            found,
            "BucketReplicationConfig",
            lambda status: status == "Disabled",
            *rule,
            "deleteMarkerReplication",
            "status",
        ),
    ]
    regions = {one.inputs.get("region") for one in of(_kept(found), "Bucket")}
    return missing if len(regions) == 2 else [*missing, "the copy is not in another region"]


def least_privilege(found: Sequence[Recorded]) -> list[str]:
    """No role may do everything of a service, or change things that are not named; no role is for anybody.

    None goes beyond the site's boundary, and that one is no wider.
    """
    missing = [*wrong(found, "iam/role:Role", bool, "permissionsBoundary")]
    for one in of(found, "Policy"):
        missing += [f"{one.name}: {fault}" for each in statements(one.inputs["policy"]) for fault in _too_much(each)]
    missing += [] if of(found, "RolePolicy") else ["there is no RolePolicy"]
    for one in of(found, "RolePolicy"):
        missing += [f"{one.name}: {fault}" for each in statements(one.inputs["policy"]) for fault in _too_much(each)]
    for one in of(found, _ROLE):
        if any(at(each, "Principal") in ("*", {"AWS": "*"}) for each in statements(one.inputs["assumeRolePolicy"])):
            missing.append(f"{one.name}: anybody may take it")
    for one in of(found, "RolePolicyAttachment"):
        if str(one.inputs["policyArn"]).endswith(("/AdministratorAccess", "/PowerUserAccess")):
            missing.append(f"{one.name}: it may do everything")
    return missing


def _too_much(statement: Mapping[str, Any]) -> Iterator[str]:
    for action in statement["Action"]:
        service, _, verb = str(action).partition(":")
        if verb in ("", "*"):
            yield f"may do all of {service}"
        elif "*" in statement["Resource"] and "Condition" not in statement and not verb.startswith(_READING):
            yield f"may {action} anything"


def named_administrators(found: Sequence[Recorded]) -> list[str]:
    """Who administers the cluster is on a list: nobody does by having made it, or by a map inside it."""
    rights = of(found, "AccessPolicyAssociation")
    return [
        *wrong(found, "Cluster", lambda mode: mode == "API", "accessConfig", "authenticationMode"),
        *wrong(found, "Cluster", _is_off, "accessConfig", "bootstrapClusterCreatorAdminPermissions"),
        *([] if rights else ["nobody administers the cluster"]),
        *(f"{one.name}: is no entry" for one in rights if not _has_entry(found, one.inputs.get("principalArn"))),
    ]


def _has_entry(found: Sequence[Recorded], principal: object) -> bool:
    return any(one.inputs.get("principalArn") == principal for one in of(found, "AccessEntry"))


def workload_identity(found: Sequence[Recorded]) -> list[str]:
    """Workloads take roles as their own service account of this cluster; nobody has a key."""
    missing = [] if any(one.inputs["addonName"] == _AGENT for one in of(found, "Addon")) else [f"there is no {_AGENT}"]
    for one in of(found, _ROLE):
        for each in statements(one.inputs["assumeRolePolicy"]):
            pods = at(each, "Principal", "Service") == "pods.eks.amazonaws.com"
            named = at(each, "Condition", "StringEquals") or {}
            if pods and not {f"aws:RequestTag/{tag}" for tag in _POD_TAGS} <= set(named):
                missing.append(f"{one.name}: any pod may take it")
    served = {one.inputs["serviceAccount"] for one in of(found, "PodIdentityAssociation")}
    missing += ["the backup workload has no role"] if "pouw-backup" not in served else []
    return [*missing, *(f"{one.name}: is a key" for one in of(found, "AccessKey"))]


def immutable_images(found: Sequence[Recorded]) -> list[str]:
    """A tag stays with its image, and every image is scanned."""
    return [
        *wrong(found, "Repository", lambda mode: mode == "IMMUTABLE", "imageTagMutability"),
        *wrong(found, "Repository", _is_on, "imageScanningConfiguration", "scanOnPush"),
    ]


def tls_edge(found: Sequence[Recorded]) -> list[str]:
    """Whatever comes in is encrypted by today's means, passes the firewall, and comes by one port."""
    missing = list(wrong(found, "WebAclAssociation", bool, "webAclArn"))
    ends = [one for one in of(found, "Listener") if one.inputs.get("protocol") == "HTTPS"]
    if not ends:
        missing.append("nothing ends TLS")
    missing += [
        f"{one.name}: old TLS, or no certificate"
        for one in ends
        if not str(one.inputs.get("sslPolicy")).startswith(_STRONG_TLS) or not one.inputs.get("certificateArn")
    ]
    missing += wrong(found, "Listener", lambda port: port == 443, "port")
    missing += wrong(found, "Listener", lambda protocol: protocol in ("HTTPS", "TCP"), "protocol")
    return missing


def readiness_for_all(found: Sequence[Recorded]) -> list[str]:
    """Anybody may ask whether the site is ready, at a limited rate, and for nothing else: names are checked so."""
    missing = list(edges.served_wrongly(found, edges.aws))
    limits = [rule for one in of(found, "WebAcl") for rule in one.inputs["rules"] if rule["name"] == "rate"]
    if not any(at(rule, "statement", "rateBasedStatement", "limit") for rule in limits):
        missing.append("nobody is held to a rate")
    return missing


def signed_names(found: Sequence[Recorded]) -> list[str]:
    """Answers of the zone are signed, and questions to it are written down."""
    zones = {one.inputs.get("zoneId") for one in of(found, "QueryLog")}
    signing = [key for key in of(found, "Key") if key.inputs.get("keyUsage") == "SIGN_VERIFY"]
    return [
        *wrong(found, "HostedZoneDnsSec", lambda status: status == "SIGNING", "signingStatus"),
        *wrong(found, "KeySigningKey", lambda status: status == "ACTIVE", "status"),
        *wrong(found, "KeySigningKey", _is_key, "keyManagementServiceArn"),
        *wrong(signing, "Key", lambda kind: kind == "ECC_NIST_P256", "customerMasterKeySpec"),
        *(f"{one.name}: is not in us-east-1" for one in signing if one.inputs.get("region") != "us-east-1"),
        *wrong(found, "QueryLog", bool, "cloudwatchLogGroupArn"),
        *wrong(found, "LogResourcePolicy", lambda text: "route53.amazonaws.com" in str(text), "policyDocument"),
        *([] if len(zones) == len(of(found, "Zone")) else ["a zone has no query log"]),
    ]


def pools_scale(found: Sequence[Recorded]) -> list[str]:
    """A workload sizes the pools between their bounds: it finds them, may change them, and there are two of it."""
    account = {"namespace": "pouw-system", "serviceAccount": "pouw-autoscaler"}
    served = [one for one in of(found, "PodIdentityAssociation") if account.items() <= one.inputs.items()]
    spec = ("spec", "template", "spec")
    tags = "asg:tag=k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler"
    wanted = [f"--node-group-auto-discovery={tags}/{one.inputs.get('name')}" for one in of(found, "Cluster")]
    changes = [one for one in of(found, "RolePolicy") if "autoscaling:SetDesiredCapacity" in one.inputs["policy"]]
    return [
        *wrong(found, "NodeGroup", _is_bounded, "scalingConfig"),
        *wrong(found, "Deployment", lambda replicas: (replicas or 0) >= 2, "spec", "replicas"),
        *wrong(found, "Deployment", lambda name: name == account["serviceAccount"], *spec, "serviceAccountName"),
        *wrong(found, "Deployment", lambda told: set(wanted) <= set(told or ()), *spec, "containers", 0, "args"),
        *([] if served else ["the autoscaler has no role"]),
        *([] if changes else ["nobody may size the groups"]),
    ]


def _is_bounded(config: Any) -> bool:
    return bool(config) and 0 <= config["minSize"] <= config["maxSize"]


def secrets_encrypted(found: Sequence[Recorded]) -> list[str]:
    """Secrets of the cluster are encrypted once more under the site's own key."""
    return [
        *wrong(found, "Cluster", lambda kinds: kinds == ["secrets"], "encryptionConfig", "resources"),
        *wrong(found, "Cluster", _is_key, "encryptionConfig", "provider", "keyArn"),
    ]


def budget(found: Sequence[Recorded]) -> list[str]:
    """Somebody is told before the money is gone."""
    missing = list(wrong(found, "Budget", bool, "limitAmount"))
    for one in of(found, "Budget"):
        told = {
            (each.get("notificationType"), each.get("threshold"))
            for each in one.inputs.get("notifications") or ()
            if each.get("subscriberEmailAddresses")
        }
        wanted = {("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)}
        missing += [f"{one.name}: nobody is told at {kind} {percent} %" for kind, percent in sorted(wanted - told)]
    return missing


def statements(policy: str) -> list[dict[str, Any]]:
    """The statements of a policy."""
    found: list[dict[str, Any]] = json.loads(policy)["Statement"]
    return found


FACETS: Final[Mapping[str, Facet]] = {
    "own_key": own_key,
    "private_nodes": private_nodes,
    "private_api": private_api,
    "audit_log": audit_log,
    "flow_log": flow_log,
    "access_logs": access_logs,
    "deletion_protection": deletion_protection,
    "backups_locked": backups_locked,
    "backups_copied": backups_copied,
    "least_privilege": least_privilege,
    "named_administrators": named_administrators,
    "workload_identity": workload_identity,
    "immutable_images": immutable_images,
    "tls_edge": tls_edge,
    "readiness_for_all": readiness_for_all,
    "signed_names": signed_names,
    "pools_scale": pools_scale,
    "secrets_encrypted": secrets_encrypted,
    "budget": budget,
}
