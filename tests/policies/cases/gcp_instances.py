"""Cases of ``policies.gcp.instances``."""

from __future__ import annotations

from typing import Any

from policies.gcp.instances import ITEM, RULES, TEMPLATES
from policies.gcp.references import ACCOUNTS
from tests.policies import tables
from tests.policies.analyzer import UNKNOWN, Declaration
from tests.policies.contract import REMOVED

_case = tables.of(RULES)
_ADDRESS = "gcp-compute-server-deny-public-address"
_NETWORK = "gcp-compute-server-deny-default-network"
_ACCOUNT = "gcp-compute-server-require-own-account"
_SHIELDING = "gcp-compute-server-require-shielding"
_CONFIDENTIAL = "gcp-compute-server-require-confidentiality"
_LOGIN = "gcp-compute-project-require-oslogin"


def server() -> dict[str, Any]:
    """Return a compliant machine."""
    return {
        "networkInterfaces": [{"network": "site", "accessConfigs": [], "ipv6AccessConfigs": []}],
        "serviceAccount": {"email": "server@some.iam.gserviceaccount.com", "scopes": ["cloud-platform"]},
        "metadata": {"block-project-ssh-keys": "TRUE", "serial-port-enable": "FALSE", "enable-oslogin": "TRUE"},
        "canIpForward": False,
        "shieldedInstanceConfig": {"enableSecureBoot": True, "enableVtpm": True, "enableIntegrityMonitoring": True},
        "confidentialInstanceConfig": {"confidentialInstanceType": "SEV"},
    }


_FROM_ACCOUNT = {"serviceAccount": {"email": UNKNOWN}}
_SEV = {"confidentialInstanceConfig": {"enableConfidentialCompute": True}}
_OFF = "shieldedInstanceConfig.enableSecureBoot"

CASES = [
    _case(_ADDRESS, server(), "networkInterfaces[0].accessConfigs", [{}]),
    _case(_ADDRESS, server(), "networkInterfaces[0].ipv6AccessConfigs", [{"networkTier": "PREMIUM"}],
          type=TEMPLATES[0]),
    _case(_NETWORK, server(), "networkInterfaces[0].network", "projects/some/global/networks/default"),
    _case(_ACCOUNT, server(), "serviceAccount.email", "some@appspot.gserviceaccount.com"),
    _case(_ACCOUNT, _FROM_ACCOUNT, "serviceAccount.email", REMOVED, references={"serviceAccount": ["account"]},
          related=(Declaration(type=ACCOUNTS[0], name="account", props={}),), type=TEMPLATES[1]),
    _case("gcp-compute-server-deny-project-keys", server(), "metadata.block-project-ssh-keys", "false"),
    _case("gcp-compute-server-deny-serial-port", server(), "metadata.serial-port-enable", "1"),
    _case("gcp-compute-server-deny-keys-in-metadata", server(), "metadata.enable-oslogin", "FALSE"),
    _case(_LOGIN, {"metadata": {"enable-oslogin": "TRUE"}}, "metadata.enable-oslogin", "FALSE"),
    _case(_LOGIN, {"key": "enable-oslogin", "value": "TRUE"}, "value", "FALSE", type=ITEM),
    _case("gcp-compute-server-deny-forwarding", server(), "canIpForward", True),
    _case(_SHIELDING, server(), _OFF, False),
    _case(_SHIELDING, server(), "shieldedInstanceConfig.enableVtpm", False, absent_path=_OFF),
    _case(_SHIELDING, server(), "shieldedInstanceConfig.enableIntegrityMonitoring", False, absent_path=_OFF),
    _case(_CONFIDENTIAL, server(), "confidentialInstanceConfig.confidentialInstanceType", ""),
    _case(_CONFIDENTIAL, _SEV, "confidentialInstanceConfig.enableConfidentialCompute", False),
]  # fmt: skip
