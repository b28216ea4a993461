"""Cases of ``policies.gcp.node_pools``."""

from __future__ import annotations

from typing import Any

from policies.gcp.clusters import CLUSTER
from policies.gcp.node_pools import RULES
from policies.gcp.references import ACCOUNTS
from tests.policies import tables
from tests.policies.analyzer import UNKNOWN, Declaration
from tests.policies.contract import REMOVED

_case = tables.of(RULES)
_SCOPES = "https://www.googleapis.com/auth/"
_ACCOUNT = "gcp-gke-nodes-require-own-account"
_SCOPE = "gcp-gke-nodepool-limit-scopes"
_SHIELD = "nodeConfig.shieldedInstanceConfig"


def pool() -> dict[str, Any]:
    """Return a compliant pool."""
    return {
        "management": {"autoRepair": True, "autoUpgrade": True},
        "networkConfig": {"enablePrivateNodes": True},
        "nodeConfig": {
            "serviceAccount": "nodes@some.iam.gserviceaccount.com",
            "oauthScopes": [f"{_SCOPES}cloud-platform"],
            "bootDiskKmsKey": "projects/some/locations/a/keyRings/b/cryptoKeys/c",
            "imageType": "COS_CONTAINERD",
            "shieldedInstanceConfig": {"enableSecureBoot": True, "enableIntegrityMonitoring": True},
            "workloadMetadataConfig": {"mode": "GKE_METADATA"},
            "kubeletConfig": {"insecureKubeletReadonlyPortEnabled": "FALSE"},
            "metadata": {"disable-legacy-endpoints": "true", "block-project-ssh-keys": "true"},
        },
    }


_FROM_ACCOUNT = {"nodeConfig": {"serviceAccount": UNKNOWN}}
_OLD = {"nodeConfig": {"oauthScopes": [f"{_SCOPES}logging.write"]}}

CASES = [
    _case(_ACCOUNT, {"enableAutopilot": True}, "enableAutopilot", False, type=CLUSTER),
    _case(_ACCOUNT, pool(), "nodeConfig.serviceAccount", "1-compute@developer.gserviceaccount.com"),
    _case(_ACCOUNT, {"nodeConfig": pool()["nodeConfig"]}, "nodeConfig.serviceAccount", "default", type=CLUSTER),
    _case(_ACCOUNT, _FROM_ACCOUNT, "nodeConfig", REMOVED, references={"nodeConfig": ["account"]},
          related=(Declaration(type=ACCOUNTS[0], name="account", props={}),)),
    _case(_SCOPE, pool(), "nodeConfig.oauthScopes[0]", f"{_SCOPES}compute", absent_path="nodeConfig.oauthScopes"),
    _case(_SCOPE, _OLD, "nodeConfig.oauthScopes[0]", f"{_SCOPES}cloud-platform", absent_path="nodeConfig.oauthScopes"),
    _case("gcp-gke-nodepool-require-secure-boot", pool(), f"{_SHIELD}.enableSecureBoot", False),
    _case("gcp-gke-nodepool-deny-unwatched-boot", pool(), f"{_SHIELD}.enableIntegrityMonitoring", False),
    _case("gcp-gke-nodepool-require-metadata-server", pool(), "nodeConfig.workloadMetadataConfig.mode", "GCE_METADATA"),
    _case("gcp-gke-nodepool-deny-legacy-metadata", pool(), "nodeConfig.metadata.disable-legacy-endpoints", "false"),
    _case("gcp-gke-nodepool-deny-open-kubelet", pool(),
          "nodeConfig.kubeletConfig.insecureKubeletReadonlyPortEnabled", "TRUE"),
    _case("gcp-gke-nodepool-match-image", pool(), "nodeConfig.imageType", "UBUNTU_CONTAINERD"),
    _case("gcp-gke-nodepool-require-own-key", pool(), "nodeConfig.bootDiskKmsKey", ""),
    _case("gcp-gke-nodepool-deny-public-addresses", pool(), "networkConfig.enablePrivateNodes", False),
    _case("gcp-gke-nodepool-deny-project-keys", pool(), "nodeConfig.metadata.block-project-ssh-keys", "false"),
    _case("gcp-gke-nodepool-require-repair", pool(), "management.autoRepair", False),
    _case("gcp-gke-nodepool-require-upgrades", pool(), "management.autoUpgrade", False),
]  # fmt: skip
