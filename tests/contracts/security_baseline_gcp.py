"""The security baseline of a site on Google Cloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.contracts import edge_access
from tests.contracts.security_baseline import lookup, mismatches, of_kind
from tests.infra.gcp.compliant_site import ANSWERS as ANSWERS  # noqa: PLC0414 - the recorder's answers, by their common name
from tests.infra.recorder import Recorded

_ANYWHERE: Final = "0.0.0.0/0"
_DAY: Final = 86_400
_BROAD: Final = ("roles/owner", "roles/editor", "roles/viewer")
_PUBLIC_MEMBERS: Final = ("allUsers", "allAuthenticatedUsers")
_READ_ONLY_PORT: Final = "insecureKubeletReadonlyPortEnabled"
_MEMBERS: Final = ("IAMMember", "BucketIAMMember", "RepositoryIamMember", "CryptoKeyIAMMember")


def _is_set(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_on(value: Any) -> bool:
    return value is True


def _is_off(value: Any) -> bool:
    return value is False


def _seconds(value: Any) -> int:
    return int(str(value or "0s").removesuffix("s"))


def _public_zones(resources: Sequence[Recorded]) -> list[Recorded]:
    return [
        resource
        for resource in resources
        if resource not in of_kind(resources, "ManagedZone") or resource.inputs.get("visibility") == "public"
    ]


def customer_managed_keys(resources: Sequence[Recorded]) -> list[str]:
    """Return the stores that are not encrypted under the site's rotated key."""
    key_paths: tuple[tuple[str, tuple[str | int, ...]], ...] = (
        ("ProjectBucketConfig", ("cmekSettings", "kmsKeyName")),
        ("Repository", ("kmsKeyName",)),
        ("Bucket", ("encryption", "defaultKmsKeyName")),
        ("NodePool", ("nodeConfig", "bootDiskKmsKey")),
        ("Cluster", ("nodeConfig", "bootDiskKmsKey")),
    )
    return [
        *(fault for kind, path in key_paths for fault in mismatches(resources, kind, _is_set, *path)),
        *mismatches(resources, "CryptoKey", lambda period: 0 < _seconds(period) <= 90 * _DAY, "rotationPeriod"),
        *mismatches(resources, "CryptoKey", lambda level: level == "HSM", "versionTemplate", "protectionLevel"),
    ]


def private_nodes(resources: Sequence[Recorded]) -> list[str]:
    """Return the machines and subnets that the internet reaches, or that leave the network directly."""
    config = "nodeConfig"
    return [
        *mismatches(resources, "Cluster", _is_on, "privateClusterConfig", "enablePrivateNodes"),
        *mismatches(resources, "NodePool", _is_on, "networkConfig", "enablePrivateNodes"),
        *mismatches(
            resources, "NodePool", lambda mode: mode == "GKE_METADATA", config, "workloadMetadataConfig", "mode"
        ),
        *mismatches(resources, "NodePool", _is_on, config, "shieldedInstanceConfig", "enableSecureBoot"),
        *mismatches(resources, "NodePool", _is_on, config, "shieldedInstanceConfig", "enableIntegrityMonitoring"),
        *mismatches(resources, "NodePool", lambda open_: open_ == "FALSE", config, "kubeletConfig", _READ_ONLY_PORT),
        *mismatches(resources, "Subnetwork", _is_on, "privateIpGoogleAccess"),
        *(
            f"{resource.name}: admits every address"
            for resource in of_kind(resources, "Firewall")
            if resource.inputs.get("direction") == "INGRESS"
            and resource.inputs.get("allows")
            and _ANYWHERE in (resource.inputs.get("sourceRanges") or [_ANYWHERE])
        ),
    ]


def private_api(resources: Sequence[Recorded]) -> list[str]:
    """Return the clusters whose API server answers addresses outside its allow-list."""
    networks = "masterAuthorizedNetworksConfig"
    return [
        *mismatches(resources, "Cluster", lambda config: isinstance(config, Mapping), networks),
        *mismatches(resources, "Cluster", _is_off, networks, "gcpPublicCidrsAccessEnabled"),
        *mismatches(
            resources, "Cluster", _is_off, "controlPlaneEndpointsConfig", "dnsEndpointConfig", "allowExternalTraffic"
        ),
        *mismatches(resources, "Cluster", lambda mode: mode == "LIMITED", "anonymousAuthenticationConfig", "mode"),
        *(
            f"{resource.name}: its API server answers every address"
            for resource in of_kind(resources, "Cluster")
            if _is_public(resource)
        ),
    ]


def _is_public(cluster: Recorded) -> bool:
    if lookup(cluster.inputs, "privateClusterConfig", "enablePrivateEndpoint"):
        return False
    blocks = lookup(cluster.inputs, "masterAuthorizedNetworksConfig", "cidrBlocks") or [{"cidrBlock": _ANYWHERE}]
    return any(block["cidrBlock"] == _ANYWHERE for block in blocks)


def audit_logs(resources: Sequence[Recorded]) -> list[str]:
    """Return the audit logs that are not collected, or not retained for a year."""
    expected = {"APISERVER", "CONTROLLER_MANAGER", "SCHEDULER", "SYSTEM_COMPONENTS"}
    kinds = {"ADMIN_READ", "DATA_READ", "DATA_WRITE"}
    locked = [
        resource
        for resource in of_kind(resources, "ProjectBucketConfig")
        if resource.inputs.get("locked") and (resource.inputs.get("retentionDays") or 0) >= 365
    ]
    return [
        *mismatches(resources, "Cluster", lambda on: expected <= set(on or ()), "loggingConfig", "enableComponents"),
        *mismatches(resources, "IAMAuditConfig", lambda service: service == "allServices", "service"),
        *mismatches(
            resources,
            "IAMAuditConfig",
            lambda logs: {entry["logType"] for entry in logs or () if not entry.get("exemptedMembers")} >= kinds,
            "auditLogConfigs",
        ),
        *([] if locked else ["no log bucket is locked for a year"]),
        *(
            []
            if any("cloudaudit" in str(resource.inputs.get("filter")) for resource in of_kind(resources, "ProjectSink"))
            else ["no sink"]
        ),
    ]


def flow_logs(resources: Sequence[Recorded]) -> list[str]:
    """Return the networks whose connections are not all logged."""
    sinks = [
        resource for resource in of_kind(resources, "ProjectSink") if "vpc_flows" in str(resource.inputs.get("filter"))
    ]
    denials = [resource for resource in of_kind(resources, "Firewall") if resource.inputs.get("denies")]
    return [
        *mismatches(resources, "Subnetwork", lambda share: share == 1, "logConfig", "flowSampling"),
        *mismatches(
            resources, "Subnetwork", lambda every: every == "INTERVAL_5_SEC", "logConfig", "aggregationInterval"
        ),
        *mismatches(resources, "Policy", _is_on, "enableLogging"),
        *([] if sinks else ["flow logs have no sink"]),
        *(
            f"{resource.name}: does not log refused connections"
            for resource in denials
            if not resource.inputs.get("logConfig")
        ),
    ]


def access_logs(resources: Sequence[Recorded]) -> list[str]:
    """Return the backups and edges without an access log."""
    kinds = {
        str(lookup(entry, "logType"))
        for resource in of_kind(resources, "IAMAuditConfig")
        for entry in resource.inputs["auditLogConfigs"]
    }
    return [
        *(f"{kind} of a backup is not logged" for kind in sorted({"DATA_READ", "DATA_WRITE"} - kinds)),
        *mismatches(resources, "BackendService", _is_on, "logConfig", "enable"),
        *mismatches(resources, "BackendService", lambda share: share == 1, "logConfig", "sampleRate"),
    ]


def deletion_protection(resources: Sequence[Recorded]) -> list[str]:
    """Return the irreplaceable resources that can be deleted by mistake."""
    return [
        *mismatches(resources, "Cluster", _is_on, "deletionProtection"),
        *mismatches(resources, "CryptoKey", lambda delay: _seconds(delay) >= 30 * _DAY, "destroyScheduledDuration"),
        *mismatches(resources, "Bucket", _is_off, "forceDestroy"),
        *mismatches(_public_zones(resources), "ManagedZone", _is_off, "forceDestroy"),
    ]


def immutable_backups(resources: Sequence[Recorded]) -> list[str]:
    """Return the backups that can be changed within their retention, or read publicly."""
    return [
        *mismatches(resources, "Bucket", _is_on, "retentionPolicy", "isLocked"),
        *mismatches(
            resources, "Bucket", lambda period: _seconds(period) >= 7 * _DAY, "retentionPolicy", "retentionPeriod"
        ),
        *mismatches(resources, "Bucket", lambda on: not on, "versioning", "enabled"),
        *mismatches(
            resources, "Bucket", lambda kept: (kept or 0) >= 7 * _DAY, "softDeletePolicy", "retentionDurationSeconds"
        ),
        *mismatches(resources, "Bucket", lambda mode: mode == "enforced", "publicAccessPrevention"),
        *mismatches(resources, "Bucket", _is_on, "uniformBucketLevelAccess"),
    ]


def replicated_backups(resources: Sequence[Recorded]) -> list[str]:
    """Return the backups without a copy in another region under a key there."""
    spec = "transferSpec"
    regions = {resource.inputs.get("location") for resource in of_kind(resources, "Bucket")}
    keys = {lookup(resource.inputs, "encryption", "defaultKmsKeyName") for resource in of_kind(resources, "Bucket")}
    return [
        *mismatches(resources, "TransferJob", lambda when: when == "NEVER", spec, "transferOptions", "overwriteWhen"),
        *mismatches(resources, "TransferJob", lambda entry: 0 < _seconds(entry) <= 3600, "schedule", "repeatInterval"),
        *mismatches(resources, "TransferJob", _is_set, spec, "gcsDataSink", "bucketName"),
        *([] if len(regions) == 2 else ["the copy is not in another region"]),
        *([] if len(keys) == 2 else ["the copy has no key of its own"]),
    ]


def least_privilege(resources: Sequence[Recorded]) -> list[str]:
    """Return the roles that permit more than necessary, or that any principal can use."""
    accounts = [lookup(resource.inputs, "nodeConfig", "serviceAccount") for resource in of_kind(resources, "NodePool")]
    members = [resource for kind in _MEMBERS for resource in of_kind(resources, kind)]
    return [
        *([] if members and accounts else ["there are no role bindings or no machines"]),
        *(
            f"{resource.name}: {resource.inputs['role']}"
            for resource in members
            if _too_much(str(resource.inputs["role"]))
        ),
        *(
            f"{resource.name}: is bound to a public member"
            for resource in members
            if resource.inputs["member"] in _PUBLIC_MEMBERS
        ),
        *("a pool uses the project's default account" for account in accounts if not account),
        *mismatches(resources, "Cluster", _is_off, "enableLegacyAbac"),
    ]


def _too_much(role: str) -> bool:
    return role in _BROAD or role.lower().endswith("admin")


def named_administrators(resources: Sequence[Recorded]) -> list[str]:
    """Return the ways to administer the cluster besides the list of administrators."""
    binding = "rbacBindingConfig"
    return [
        *mismatches(resources, "Cluster", _is_off, "enableLegacyAbac"),
        *mismatches(resources, "Cluster", _is_off, "masterAuth", "clientCertificateConfig", "issueClientCertificate"),
        *mismatches(resources, "Cluster", _is_off, binding, "enableInsecureBindingSystemAuthenticated"),
        *mismatches(resources, "Cluster", _is_off, binding, "enableInsecureBindingSystemUnauthenticated"),
    ]


def workload_identity(resources: Sequence[Recorded]) -> list[str]:
    """Return the workloads without a bound identity, and all long-lived keys."""
    bindings = [
        resource
        for resource in of_kind(resources, "IAMMember")
        if resource.inputs["role"] == "roles/iam.workloadIdentityUser"
    ]
    backup = [
        resource
        for resource in bindings
        if str(resource.inputs["member"]).endswith(".svc.id.goog[pouw-system/pouw-backup]")
    ]
    return [
        *mismatches(
            resources,
            "Cluster",
            lambda pool: str(pool).endswith(".svc.id.goog"),
            "workloadIdentityConfig",
            "workloadPool",
        ),
        *([] if backup else ["the backup workload has no account"]),
        *(f"{resource.name}: every workload may use it" for resource in bindings if resource not in backup),
        *(
            f"{resource.name}: is a long-lived key"
            for resource in resources
            if resource.token == "gcp:serviceaccount/key:Key"
        ),
    ]


def immutable_images(resources: Sequence[Recorded]) -> list[str]:
    """Return the registries whose tags can move or whose images are not scanned."""
    scanning = ("vulnerabilityScanningConfig", "enablementConfig")
    singleton = "PROJECT_SINGLETON_POLICY_ENFORCE"
    return [
        *mismatches(resources, "Repository", _is_on, "dockerConfig", "immutableTags"),
        *mismatches(resources, "Repository", lambda enabled: enabled == "INHERITED", *scanning),
        *mismatches(resources, "Service", lambda service: service == "containerscanning.googleapis.com", "service"),
        *mismatches(resources, "Cluster", lambda mode: mode == singleton, "binaryAuthorization", "evaluationMode"),
    ]


def tls_edge(resources: Sequence[Recorded]) -> list[str]:
    """Return the edges with weak or no TLS, or without the web firewall."""
    missing = [
        *mismatches(resources, "GlobalForwardingRule", lambda ports: ports == "443", "portRange"),
        *mismatches(resources, "TargetHttpsProxy", _is_set, "sslPolicy"),
        *mismatches(resources, "TargetHttpsProxy", _is_set, "certificateMap"),
        *mismatches(resources, "SSLPolicy", lambda version: version in ("TLS_1_2", "TLS_1_3"), "minTlsVersion"),
        *mismatches(resources, "SSLPolicy", lambda profile: profile == "RESTRICTED", "profile"),
        *mismatches(resources, "BackendService", _is_set, "securityPolicy"),
        *mismatches(resources, "SecurityPolicy", bool, "rules"),
        *(f"{resource.name}: plain HTTP" for resource in of_kind(resources, "TargetHttpProxy")),
    ]
    for resource in of_kind(resources, "SecurityPolicy"):
        last = max(resource.inputs["rules"], key=lambda rule: int(rule["priority"]))
        if not str(last["action"]).startswith("deny"):
            missing.append(f"{resource.name}: admits addresses outside the allow-list")
    return missing


def public_readiness(resources: Sequence[Recorded]) -> list[str]:
    """Return the requests that the edge answers wrongly, and rules without a rate limit."""
    rules = [rule for resource in of_kind(resources, "SecurityPolicy") for rule in resource.inputs["rules"]]
    return [
        *edge_access.served_wrongly(resources, edge_access.gcp),
        *(f"{rule['description']}: has no rate limit" for rule in rules if rule["action"] == "allow"),
    ]


def dnssec(resources: Sequence[Recorded]) -> list[str]:
    """Return the zones that are not signed, or whose queries are not logged."""
    public = _public_zones(resources)
    return [
        *mismatches(public, "ManagedZone", lambda state: state == "on", "dnssecConfig", "state"),
        *mismatches(public, "ManagedZone", _is_on, "cloudLoggingConfig", "enableLogging"),
    ]


def node_autoscaling(resources: Sequence[Recorded]) -> list[str]:
    """Return the node pools that do not scale between their bounds."""
    return list(mismatches(resources, "NodePool", _is_bounded, "autoscaling"))


def _is_bounded(scaling: Any) -> bool:
    return bool(scaling) and 0 <= scaling["totalMinNodeCount"] <= scaling["totalMaxNodeCount"] > 0


def encrypted_secrets(resources: Sequence[Recorded]) -> list[str]:
    """Return the clusters whose secrets are not encrypted under the site's key."""
    return [
        *mismatches(resources, "Cluster", lambda state: state == "ENCRYPTED", "databaseEncryption", "state"),
        *mismatches(resources, "Cluster", _is_set, "databaseEncryption", "keyName"),
    ]


def budget(resources: Sequence[Recorded]) -> list[str]:
    """Return the budgets that do not warn the contacts at 80 % and at 100 %."""
    expected = {("CURRENT_SPEND", 0.8), ("CURRENT_SPEND", 1.0), ("FORECASTED_SPEND", 1.0)}
    channels = ("allUpdatesRule", "monitoringNotificationChannels")
    missing = [
        *mismatches(resources, "Budget", _is_set, "amount", "specifiedAmount", "units"),
        *mismatches(resources, "Budget", bool, *channels),
    ]
    for resource in of_kind(resources, "Budget"):
        announced = {
            (rule["spendBasis"], rule["thresholdPercent"]) for rule in resource.inputs.get("thresholdRules") or ()
        }
        missing += [
            f"{resource.name}: sends no message at {share} of {basis}" for basis, share in sorted(expected - announced)
        ]
    return missing
