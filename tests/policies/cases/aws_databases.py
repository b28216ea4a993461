"""Cases of ``policies.aws.databases``."""

from __future__ import annotations

from typing import Any

from policies.aws.databases import CLUSTER, CLUSTER_INSTANCE, GRAPHS, RULES
from tests.policies import tables

_case = tables.of(RULES)


def database() -> dict[str, Any]:
    """Return compliant properties of a database."""
    return {
        "storageEncrypted": True,
        "backupRetentionPeriod": 14,
        "deletionProtection": True,
        "skipFinalSnapshot": False,
        "enabledCloudwatchLogsExports": ["postgresql"],
        "iamDatabaseAuthenticationEnabled": True,
    }


_INSTANCE = {
    **database(),
    "publiclyAccessible": False,
    "multiAz": True,
    "autoMinorVersionUpgrade": True,
    "password": "",
}
_PARAMETERS = {"parameters": [{"name": "rds.force_ssl", "value": "1"}]}
_PUBLIC = "aws-rds-instance-deny-public"
_ENCRYPTION = "aws-rds-database-require-encryption"
_PASSWORD = "aws-rds-database-deny-own-password"

CASES = [
    _case(_ENCRYPTION, _INSTANCE, "storageEncrypted", False),
    _case(_ENCRYPTION, {"storageEncrypted": True}, "storageEncrypted", False, type=GRAPHS),
    _case(_PUBLIC, _INSTANCE, "publiclyAccessible", True),
    _case(_PUBLIC, {"publiclyAccessible": False}, "publiclyAccessible", True, type=CLUSTER_INSTANCE),
    _case("aws-rds-database-require-backups", _INSTANCE, "backupRetentionPeriod", 1),
    _case("aws-rds-database-require-deletion-protection", database(), "deletionProtection", False, type=CLUSTER),
    _case("aws-rds-database-require-final-snapshot", _INSTANCE, "skipFinalSnapshot", True),
    _case("aws-rds-instance-require-standby", _INSTANCE, "multiAz", False),
    _case("aws-rds-instance-require-updates", _INSTANCE, "autoMinorVersionUpgrade", False),
    _case(_PASSWORD, _INSTANCE, "password", "correct horse"),
    _case(_PASSWORD, {"masterPassword": ""}, "masterPassword", "correct horse", type=CLUSTER),
    _case("aws-rds-database-require-logs", _INSTANCE, "enabledCloudwatchLogsExports", []),
    _case("aws-rds-database-require-iam", _INSTANCE, "iamDatabaseAuthenticationEnabled", False),
    _case("aws-rds-parameters-deny-plain-connections", _PARAMETERS, "parameters[0].value", "0",
          absent_path="parameters"),
]  # fmt: skip
