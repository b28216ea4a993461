"""Cases of ``policies.azure.vaults``."""

from __future__ import annotations

from policies.azure.vaults import KEY as KEY_TYPE
from policies.azure.vaults import REGISTRY as REGISTRY_TYPE
from policies.azure.vaults import RULES, SECRET
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.azure.fixtures import DISK_SET, KEY, REGISTRY, VAULT
from tests.policies.contract import REMOVED

_case = tables.of(RULES)
_VAULT = "azure-keyvault-vault-"
_KEY = "azure-keyvault-key-"
_OPEN = {"vaultName": "pouwregistry", "properties": {"publicNetworkAccess": "Enabled", "networkAcls": {}}}
_REGISTRY = (
    Declaration(type=KEY_TYPE, name="key", props={**KEY, "vaultName": "pouwregistry"}),
    Declaration(type=REGISTRY_TYPE, name="registry", props=REGISTRY, references={"encryption": ["key"]}),
    Declaration(type=SECRET, name="secret", props={"vaultName": "other"}),
)

CASES = [
    _case(_VAULT + "require-roles", VAULT, "properties.enableRbacAuthorization", False),
    _case(_VAULT + "deny-access-policies", VAULT, "properties.accessPolicies", [{"objectId": "colleague"}]),
    _case(_VAULT + "require-purge-protection", VAULT, "properties.enablePurgeProtection", False),
    _case(_VAULT + "require-softdelete", VAULT, "properties.enableSoftDelete", False),
    _case(_VAULT + "deny-open-network", VAULT, "properties.networkAcls.defaultAction", "Allow"),
    _case(_VAULT + "deny-open-network", _OPEN, "vaultName", "other", related=_REGISTRY, broken_related="key"),
    _case(_KEY + "require-rotation", KEY, "properties.rotationPolicy.lifetimeActions[0].action.type", "notify",
          absent_path="properties.rotationPolicy"),
    _case(_KEY + "require-expiry", KEY, "properties.rotationPolicy.attributes.expiryTime", REMOVED),
    _case(_KEY + "require-strength", KEY, "properties.keySize", 1024),
    _case("azure-keyvault-secret-require-expiry", {"properties": {"attributes": {"expires": 1800000000}}},
          "properties.attributes.expires", REMOVED),
    _case("azure-compute-diskset-require-newest-key", DISK_SET, "rotationToLatestKeyVersionEnabled", False),
    _case("azure-compute-diskset-require-newest-key", DISK_SET, "activeKey.keyUrl", REMOVED),
]  # fmt: skip
