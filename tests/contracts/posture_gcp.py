"""The posture of a site on Google Cloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.contracts import edges
from tests.contracts.posture import Facet, at, of, wrong
from tests.infra.gcp.declared import ANSWERS as ANSWERS  # noqa: PLC0414 - the recorder's answers, by their common name
from tests.infra.recorder import Recorded

_ANYWHERE: Final = "0.0.0.0/0"
_DAY: Final = 86_400
_BROAD: Final = ("roles/owner", "roles/editor", "roles/viewer")
_ANYBODY: Final = ("allUsers", "allAuthenticatedUsers")
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


def _public_zones(found: Sequence[Recorded]) -> list[Recorded]:
    return [one for one in found if one not in of(found, "ManagedZone") or one.inputs.get("visibility") == "public"]


def own_key(found: Sequence[Recorded]) -> list[str]:
    """All that rests is encrypted under a key of the site's own, in hardware, changed every quarter."""
    places: tuple[tuple[str, tuple[str | int, ...]], ...] = (
        ("ProjectBucketConfig", ("cmekSettings", "kmsKeyName")),
        ("Repository", ("kmsKeyName",)),
        ("Bucket", ("encryption", "defaultKmsKeyName")),
        ("NodePool", ("nodeConfig", "bootDiskKmsKey")),
        ("Cluster", ("nodeConfig", "bootDiskKmsKey")),
    )
    return [
        *(fault for kind, path in places for fault in wrong(found, kind, _is_set, *path)),
        *wrong(found, "CryptoKey", lambda period: 0 < _seconds(period) <= 90 * _DAY, "rotationPeriod"),
        *wrong(found, "CryptoKey", lambda level: level == "HSM", "versionTemplate", "protectionLevel"),
    ]


def private_nodes(found: Sequence[Recorded]) -> list[str]:
    """No machine has a public address, and the machine's own credentials are out of reach of its pods."""
    config = "nodeConfig"
    return [
        *wrong(found, "Cluster", _is_on, "privateClusterConfig", "enablePrivateNodes"),
        *wrong(found, "NodePool", _is_on, "networkConfig", "enablePrivateNodes"),
        *wrong(found, "NodePool", lambda mode: mode == "GKE_METADATA", config, "workloadMetadataConfig", "mode"),
        *wrong(found, "NodePool", _is_on, config, "shieldedInstanceConfig", "enableSecureBoot"),
        *wrong(found, "NodePool", _is_on, config, "shieldedInstanceConfig", "enableIntegrityMonitoring"),
        *wrong(found, "NodePool", lambda open_: open_ == "FALSE", config, "kubeletConfig", _READ_ONLY_PORT),
        *wrong(found, "Subnetwork", _is_on, "privateIpGoogleAccess"),
        *(
            f"{one.name}: lets anybody in"
            for one in of(found, "Firewall")
            if one.inputs.get("direction") == "INGRESS"
            and one.inputs.get("allows")
            and _ANYWHERE in (one.inputs.get("sourceRanges") or [_ANYWHERE])
        ),
    ]


def private_api(found: Sequence[Recorded]) -> list[str]:
    """The API server answers inside, and outside only those who are named."""
    networks = "masterAuthorizedNetworksConfig"
    return [
        *wrong(found, "Cluster", lambda config: isinstance(config, Mapping), networks),
        *wrong(found, "Cluster", _is_off, networks, "gcpPublicCidrsAccessEnabled"),
        *wrong(found, "Cluster", _is_off, "controlPlaneEndpointsConfig", "dnsEndpointConfig", "allowExternalTraffic"),
        *wrong(found, "Cluster", lambda mode: mode == "LIMITED", "anonymousAuthenticationConfig", "mode"),
        *(f"{one.name}: the API server answers everybody" for one in of(found, "Cluster") if _answers_everybody(one)),
    ]


def _answers_everybody(cluster: Recorded) -> bool:
    if at(cluster.inputs, "privateClusterConfig", "enablePrivateEndpoint"):
        return False
    blocks = at(cluster.inputs, "masterAuthorizedNetworksConfig", "cidrBlocks") or [{"cidrBlock": _ANYWHERE}]
    return any(block["cidrBlock"] == _ANYWHERE for block in blocks)


def audit_log(found: Sequence[Recorded]) -> list[str]:
    """What is asked of the API server and of Google is written down, and kept for a year beyond anybody's reach."""
    wanted = {"APISERVER", "CONTROLLER_MANAGER", "SCHEDULER", "SYSTEM_COMPONENTS"}
    kinds = {"ADMIN_READ", "DATA_READ", "DATA_WRITE"}
    kept = [
        one
        for one in of(found, "ProjectBucketConfig")
        if one.inputs.get("locked") and (one.inputs.get("retentionDays") or 0) >= 365
    ]
    return [
        *wrong(found, "Cluster", lambda on: wanted <= set(on or ()), "loggingConfig", "enableComponents"),
        *wrong(found, "IAMAuditConfig", lambda service: service == "allServices", "service"),
        *wrong(
            found,
            "IAMAuditConfig",
            lambda logs: {each["logType"] for each in logs or () if not each.get("exemptedMembers")} >= kinds,
            "auditLogConfigs",
        ),
        *([] if kept else ["no log bucket is locked for a year"]),
        *(
            []
            if any("cloudaudit" in str(one.inputs.get("filter")) for one in of(found, "ProjectSink"))
            else ["no sink"]
        ),
    ]


def flow_log(found: Sequence[Recorded]) -> list[str]:
    """Every connection of the network is written down, and what the firewall refuses."""
    sinks = [one for one in of(found, "ProjectSink") if "vpc_flows" in str(one.inputs.get("filter"))]
    denials = [one for one in of(found, "Firewall") if one.inputs.get("denies")]
    return [
        *wrong(found, "Subnetwork", lambda share: share == 1, "logConfig", "flowSampling"),
        *wrong(found, "Subnetwork", lambda every: every == "INTERVAL_5_SEC", "logConfig", "aggregationInterval"),
        *wrong(found, "Policy", _is_on, "enableLogging"),
        *([] if sinks else ["flow logs are kept nowhere"]),
        *(f"{one.name}: refuses in silence" for one in denials if not one.inputs.get("logConfig")),
    ]


def access_logs(found: Sequence[Recorded]) -> list[str]:
    """Who reads a backup and who calls the edge is written down."""
    kinds = {str(at(each, "logType")) for one in of(found, "IAMAuditConfig") for each in one.inputs["auditLogConfigs"]}
    return [
        *(f"{kind} of a backup is not written down" for kind in sorted({"DATA_READ", "DATA_WRITE"} - kinds)),
        *wrong(found, "BackendService", _is_on, "logConfig", "enable"),
        *wrong(found, "BackendService", lambda share: share == 1, "logConfig", "sampleRate"),
    ]


def deletion_protection(found: Sequence[Recorded]) -> list[str]:
    """What cannot be made again is not deleted by mistake."""
    return [
        *wrong(found, "Cluster", _is_on, "deletionProtection"),
        *wrong(found, "CryptoKey", lambda delay: _seconds(delay) >= 30 * _DAY, "destroyScheduledDuration"),
        *wrong(found, "Bucket", _is_off, "forceDestroy"),
        *wrong(_public_zones(found), "ManagedZone", _is_off, "forceDestroy"),
    ]


def backups_locked(found: Sequence[Recorded]) -> list[str]:
    """Nobody can change or remove a backup while its lock holds, it can be had back after, and nobody is let in.

    The lock stands for versions, which Google refuses beside it.
    """
    return [
        *wrong(found, "Bucket", _is_on, "retentionPolicy", "isLocked"),
        *wrong(found, "Bucket", lambda period: _seconds(period) >= 7 * _DAY, "retentionPolicy", "retentionPeriod"),
        *wrong(found, "Bucket", lambda on: not on, "versioning", "enabled"),
        *wrong(found, "Bucket", lambda kept: (kept or 0) >= 7 * _DAY, "softDeletePolicy", "retentionDurationSeconds"),
        *wrong(found, "Bucket", lambda mode: mode == "enforced", "publicAccessPrevention"),
        *wrong(found, "Bucket", _is_on, "uniformBucketLevelAccess"),
    ]


def backups_copied(found: Sequence[Recorded]) -> list[str]:
    """Every backup is copied to another region within the hour, under a key there, and never copied over."""
    spec = "transferSpec"
    regions = {one.inputs.get("location") for one in of(found, "Bucket")}
    keys = {at(one.inputs, "encryption", "defaultKmsKeyName") for one in of(found, "Bucket")}
    return [
        *wrong(found, "TransferJob", lambda when: when == "NEVER", spec, "transferOptions", "overwriteWhen"),
        *wrong(found, "TransferJob", lambda each: 0 < _seconds(each) <= 3600, "schedule", "repeatInterval"),
        *wrong(found, "TransferJob", _is_set, spec, "gcsDataSink", "bucketName"),
        *([] if len(regions) == 2 else ["the copy is not in another region"]),
        *([] if len(keys) == 2 else ["the copy has no key of its own"]),
    ]


def least_privilege(found: Sequence[Recorded]) -> list[str]:
    """Nobody is given a basic role or one that manages; machines have accounts of their own; nothing is for anybody."""
    accounts = [at(one.inputs, "nodeConfig", "serviceAccount") for one in of(found, "NodePool")]
    members = [one for kind in _MEMBERS for one in of(found, kind)]
    return [
        *([] if members and accounts else ["there is nobody who may do anything"]),
        *(f"{one.name}: {one.inputs['role']}" for one in members if _too_much(str(one.inputs["role"]))),
        *(f"{one.name}: for anybody" for one in members if one.inputs["member"] in _ANYBODY),
        *("a pool runs under the project's own account" for account in accounts if not account),
        *wrong(found, "Cluster", _is_off, "enableLegacyAbac"),
    ]


def _too_much(role: str) -> bool:
    return role in _BROAD or role.lower().endswith("admin")


def named_administrators(found: Sequence[Recorded]) -> list[str]:
    """Who administers the cluster is on a list, that of the project's roles: nobody does by a certificate or by rules
    inside it that hold for all who have an account."""
    binding = "rbacBindingConfig"
    return [
        *wrong(found, "Cluster", _is_off, "enableLegacyAbac"),
        *wrong(found, "Cluster", _is_off, "masterAuth", "clientCertificateConfig", "issueClientCertificate"),
        *wrong(found, "Cluster", _is_off, binding, "enableInsecureBindingSystemAuthenticated"),
        *wrong(found, "Cluster", _is_off, binding, "enableInsecureBindingSystemUnauthenticated"),
    ]


def workload_identity(found: Sequence[Recorded]) -> list[str]:
    """Workloads are lent accounts by the token of their own service account; nobody has a key."""
    lent = [one for one in of(found, "IAMMember") if one.inputs["role"] == "roles/iam.workloadIdentityUser"]
    backup = [one for one in lent if str(one.inputs["member"]).endswith(".svc.id.goog[pouw-system/pouw-backup]")]
    return [
        *wrong(
            found, "Cluster", lambda pool: str(pool).endswith(".svc.id.goog"), "workloadIdentityConfig", "workloadPool"
        ),
        *([] if backup else ["the backup workload has no account"]),
        *(f"{one.name}: any workload may take it" for one in lent if one not in backup),
        *(f"{one.name}: is a key" for one in found if one.token == "gcp:serviceaccount/key:Key"),
    ]


def immutable_images(found: Sequence[Recorded]) -> list[str]:
    """A tag stays with its image, every image is scanned, and the cluster asks the project's policy about each."""
    scanning = ("vulnerabilityScanningConfig", "enablementConfig")
    singleton = "PROJECT_SINGLETON_POLICY_ENFORCE"
    return [
        *wrong(found, "Repository", _is_on, "dockerConfig", "immutableTags"),
        *wrong(found, "Repository", lambda enabled: enabled == "INHERITED", *scanning),
        *wrong(found, "Service", lambda service: service == "containerscanning.googleapis.com", "service"),
        *wrong(found, "Cluster", lambda mode: mode == singleton, "binaryAuthorization", "evaluationMode"),
    ]


def tls_edge(found: Sequence[Recorded]) -> list[str]:
    """Whatever comes in is encrypted by today's means, passes the firewall, and comes by one port."""
    missing = [
        *wrong(found, "GlobalForwardingRule", lambda ports: ports == "443", "portRange"),
        *wrong(found, "TargetHttpsProxy", _is_set, "sslPolicy"),
        *wrong(found, "TargetHttpsProxy", _is_set, "certificateMap"),
        *wrong(found, "SSLPolicy", lambda version: version in ("TLS_1_2", "TLS_1_3"), "minTlsVersion"),
        *wrong(found, "SSLPolicy", lambda profile: profile == "RESTRICTED", "profile"),
        *wrong(found, "BackendService", _is_set, "securityPolicy"),
        *wrong(found, "SecurityPolicy", bool, "rules"),
        *(f"{one.name}: plain HTTP" for one in of(found, "TargetHttpProxy")),
    ]
    for one in of(found, "SecurityPolicy"):
        last = max(one.inputs["rules"], key=lambda rule: int(rule["priority"]))
        if not str(last["action"]).startswith("deny"):
            missing.append(f"{one.name}: lets in whom nothing names")
    return missing


def readiness_for_all(found: Sequence[Recorded]) -> list[str]:
    """Anybody may ask whether the site is ready, at a limited rate, and for nothing else: names are checked so."""
    rules = [rule for one in of(found, "SecurityPolicy") for rule in one.inputs["rules"]]
    return [
        *edges.served_wrongly(found, edges.gcp),
        *(f"{rule['description']}: is let in at any rate" for rule in rules if rule["action"] == "allow"),
    ]


def signed_names(found: Sequence[Recorded]) -> list[str]:
    """Answers of the public zone are signed, and questions to it are written down."""
    public = _public_zones(found)
    return [
        *wrong(public, "ManagedZone", lambda state: state == "on", "dnssecConfig", "state"),
        *wrong(public, "ManagedZone", _is_on, "cloudLoggingConfig", "enableLogging"),
    ]


def pools_scale(found: Sequence[Recorded]) -> list[str]:
    """The cluster's own scaler sizes every pool between its bounds."""
    return list(wrong(found, "NodePool", _is_bounded, "autoscaling"))


def _is_bounded(scaling: Any) -> bool:
    return bool(scaling) and 0 <= scaling["totalMinNodeCount"] <= scaling["totalMaxNodeCount"] > 0


def secrets_encrypted(found: Sequence[Recorded]) -> list[str]:
    """Secrets of the cluster are encrypted once more under the site's own key."""
    return [
        *wrong(found, "Cluster", lambda state: state == "ENCRYPTED", "databaseEncryption", "state"),
        *wrong(found, "Cluster", _is_set, "databaseEncryption", "keyName"),
    ]


def budget(found: Sequence[Recorded]) -> list[str]:
    """Somebody is told before the money is gone."""
    wanted = {("CURRENT_SPEND", 0.8), ("CURRENT_SPEND", 1.0), ("FORECASTED_SPEND", 1.0)}
    channels = ("allUpdatesRule", "monitoringNotificationChannels")
    missing = [
        *wrong(found, "Budget", _is_set, "amount", "specifiedAmount", "units"),
        *wrong(found, "Budget", bool, *channels),
    ]
    for one in of(found, "Budget"):
        told = {(rule["spendBasis"], rule["thresholdPercent"]) for rule in one.inputs.get("thresholdRules") or ()}
        missing += [f"{one.name}: nobody is told at {share} of {basis}" for basis, share in sorted(wanted - told)]
    return missing


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
