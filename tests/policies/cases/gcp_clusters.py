"""Cases of ``policies.gcp.clusters`` and ``policies.gcp.cluster_security``."""

from __future__ import annotations

from typing import Any

from policies.gcp import cluster_security, clusters
from policies.gcp.clusters import BUDGET
from policies.gcp.references import KEYS
from tests.policies import tables
from tests.policies.analyzer import UNKNOWN, Declaration
from tests.policies.contract import REMOVED

_case = tables.of((*clusters.RULES, *cluster_security.RULES))
_ANONYMOUS = "anonymousAuthenticationConfig.mode"
_RANGES = "masterAuthorizedNetworksConfig"
_OPEN_API = "gcp-gke-cluster-deny-open-api"
_BINDINGS = "gcp-gke-cluster-deny-open-bindings"
_SECRETS = "gcp-gke-cluster-require-secrets-encryption"
_DNS = "controlPlaneEndpointsConfig.dnsEndpointConfig.allowExternalTraffic"
_NAMES = "loggingConfig.enableComponents"


def cluster() -> dict[str, Any]:
    """Return a compliant cluster."""
    return {
        "location": "europe-west1",
        "privateClusterConfig": {"enablePrivateNodes": True, "enablePrivateEndpoint": False},
        _RANGES: {"cidrBlocks": [{"cidrBlock": "203.0.113.0/24"}], "gcpPublicCidrsAccessEnabled": False},
        "controlPlaneEndpointsConfig": {"dnsEndpointConfig": {"allowExternalTraffic": False}},
        "enableLegacyAbac": False,
        "enableShieldedNodes": True,
        "enableKubernetesAlpha": False,
        "enableIntranodeVisibility": True,
        "deletionProtection": True,
        "masterAuth": {"clientCertificateConfig": {"issueClientCertificate": False}},
        "anonymousAuthenticationConfig": {"mode": "LIMITED"},
        "rbacBindingConfig": {
            "enableInsecureBindingSystemAuthenticated": False,
            "enableInsecureBindingSystemUnauthenticated": False,
        },
        "datapathProvider": "ADVANCED_DATAPATH",
        "workloadIdentityConfig": {"workloadPool": "some.svc.id.goog"},
        "databaseEncryption": {"state": "ENCRYPTED", "keyName": "projects/some/locations/a/keyRings/b/cryptoKeys/c"},
        "binaryAuthorization": {"evaluationMode": "PROJECT_SINGLETON_POLICY_ENFORCE"},
        "loggingConfig": {"enableComponents": ["SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER"]},
        "monitoringConfig": {"enableComponents": ["SYSTEM_COMPONENTS"]},
        "securityPostureConfig": {"mode": "BASIC"},
        "releaseChannel": {"channel": "STABLE"},
        "maintenancePolicy": {"dailyMaintenanceWindow": {"startTime": "03:00"}},
    }


_PRIVATE = {"privateClusterConfig": {"enablePrivateEndpoint": True}}
_CALICO = {"networkPolicy": {"enabled": True, "provider": "CALICO"}}
_AUTOPILOT = {"enableAutopilot": True}
_UNNAMED = {**cluster(), "databaseEncryption": {"state": "ENCRYPTED", "keyName": UNKNOWN}}
_BUDGET = Declaration(type=BUDGET, name="budget", props={"thresholdRules": [{"thresholdPercent": 1.0}]})

CASES = [
    _case(_OPEN_API, cluster(), f"{_RANGES}.cidrBlocks[0].cidrBlock", "0.0.0.0/0", absent_path=_RANGES),
    _case(_OPEN_API, cluster(), _RANGES, REMOVED),
    _case(_OPEN_API, _PRIVATE, "privateClusterConfig.enablePrivateEndpoint", False),
    _case("gcp-gke-cluster-deny-google-ranges", cluster(), f"{_RANGES}.gcpPublicCidrsAccessEnabled", True),
    _case("gcp-gke-cluster-deny-open-name", cluster(), _DNS, True),
    _case("gcp-gke-cluster-require-private-nodes", cluster(), "privateClusterConfig.enablePrivateNodes", False),
    _case("gcp-gke-cluster-deny-legacy-authorization", cluster(), "enableLegacyAbac", True),
    _case("gcp-gke-cluster-deny-client-certificate", cluster(),
          "masterAuth.clientCertificateConfig.issueClientCertificate", True),
    _case("gcp-gke-cluster-deny-anonymous", cluster(), _ANONYMOUS, "ENABLED"),
    _case(_BINDINGS, cluster(), "rbacBindingConfig.enableInsecureBindingSystemAuthenticated", True),
    _case(_BINDINGS, cluster(), "rbacBindingConfig.enableInsecureBindingSystemUnauthenticated", True),
    _case("gcp-gke-cluster-require-network-policies", cluster(), "datapathProvider", "LEGACY_DATAPATH"),
    _case("gcp-gke-cluster-require-network-policies", _CALICO, "networkPolicy.enabled", False),
    _case("gcp-gke-cluster-require-network-policies", _AUTOPILOT, "enableAutopilot", False),
    _case("gcp-gke-cluster-require-intranode-visibility", cluster(), "enableIntranodeVisibility", False),
    _case("gcp-gke-cluster-require-workload-identity", cluster(), "workloadIdentityConfig.workloadPool", ""),
    _case("gcp-gke-cluster-deny-plain-nodes", cluster(), "enableShieldedNodes", False),
    _case(_SECRETS, cluster(), "databaseEncryption.state", "DECRYPTED"),
    _case(_SECRETS, cluster(), "databaseEncryption.keyName", ""),
    _case(_SECRETS, _UNNAMED, "databaseEncryption.keyName", REMOVED, references={"databaseEncryption": ["key"]},
          related=(Declaration(type=KEYS[0], name="key", props={}),)),
    _case("gcp-gke-cluster-require-image-admission", cluster(), "binaryAuthorization.evaluationMode", "DISABLED"),
    _case("gcp-gke-cluster-require-logs", cluster(), _NAMES, ["SYSTEM_COMPONENTS", "WORKLOADS"]),
    _case("gcp-gke-cluster-require-metrics", cluster(), "monitoringConfig.enableComponents", ["APISERVER"]),
    _case("gcp-gke-cluster-require-posture-scan", cluster(), "securityPostureConfig.mode", "DISABLED"),
    _case("gcp-gke-cluster-require-release-channel", cluster(), "releaseChannel.channel", "UNSPECIFIED"),
    _case("gcp-gke-cluster-require-maintenance-window", cluster(), "maintenancePolicy", {}),
    _case("gcp-gke-cluster-deny-alpha", cluster(), "enableKubernetesAlpha", True),
    _case("gcp-gke-cluster-deny-unprotected", cluster(), "deletionProtection", False),
    _case("gcp-gke-cluster-match-region", cluster(), "location", "europe-west1-b"),
    _case("gcp-gke-cluster-require-budget", cluster(), "thresholdRules", [], related=(_BUDGET,),
        broken_related="budget"),
]  # fmt: skip
