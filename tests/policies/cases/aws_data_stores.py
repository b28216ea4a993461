"""Cases of ``policies.aws.data_stores``."""

from __future__ import annotations

from policies.aws.data_stores import RULES
from tests.policies import tables

_case = tables.of(RULES)
_TABLE = {"pointInTimeRecovery": {"enabled": True}, "deletionProtectionEnabled": True}
_CACHE = {
    "atRestEncryptionEnabled": True,
    "transitEncryptionEnabled": True,
    "transitEncryptionMode": "required",
    "automaticFailoverEnabled": True,
    "multiAzEnabled": True,
}
_SEARCH = {
    "encryptAtRest": {"enabled": True},
    "nodeToNodeEncryption": {"enabled": True},
    "domainEndpointOptions": {"enforceHttps": True, "tlsSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10"},
    "vpcOptions": {"subnetIds": ["subnet-1"]},
}
_WAREHOUSE = {"encrypted": "true", "publiclyAccessible": False}
_CACHE_TLS = "aws-elasticache-group-require-tls"
_FAILOVER = "aws-elasticache-group-require-failover"
_ENCRYPTION = "aws-opensearch-domain-require-encryption"
_TLS = "aws-opensearch-domain-match-tls-policy"

CASES = [
    _case("aws-dynamodb-table-require-recovery", _TABLE, "pointInTimeRecovery.enabled", False),
    _case("aws-dynamodb-table-require-deletion-protection", _TABLE, "deletionProtectionEnabled", False),
    _case("aws-elasticache-group-require-encryption", _CACHE, "atRestEncryptionEnabled", False),
    _case(_CACHE_TLS, _CACHE, "transitEncryptionEnabled", False),
    _case(_CACHE_TLS, _CACHE, "transitEncryptionMode", "preferred", absent_path="transitEncryptionEnabled"),
    _case(_FAILOVER, _CACHE, "automaticFailoverEnabled", False),
    _case(_FAILOVER, _CACHE, "multiAzEnabled", False),
    _case(_ENCRYPTION, _SEARCH, "encryptAtRest.enabled", False),
    _case(_ENCRYPTION, _SEARCH, "nodeToNodeEncryption.enabled", False),
    _case(_TLS, _SEARCH, "domainEndpointOptions.tlsSecurityPolicy", "Policy-Min-TLS-1-0-2019-07"),
    _case(_TLS, _SEARCH, "domainEndpointOptions.enforceHttps", False,
          absent_path="domainEndpointOptions.tlsSecurityPolicy"),
    _case("aws-opensearch-domain-require-network", _SEARCH, "vpcOptions", {}),
    _case("aws-redshift-cluster-require-encryption", _WAREHOUSE, "encrypted", "false"),
    _case("aws-redshift-cluster-deny-public", _WAREHOUSE, "publiclyAccessible", True),
    _case("aws-sqs-queue-deny-plain", {"sqsManagedSseEnabled": True}, "sqsManagedSseEnabled", False),
]  # fmt: skip
