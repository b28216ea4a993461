"""Cases of ``policies.gcp.databases``."""

from __future__ import annotations

from typing import Any

from policies.gcp.databases import FLAGS, RULES
from tests.policies import tables

_case = tables.of(RULES)
_NET = "settings.ipConfiguration"
_BACKUPS = "settings.backupConfiguration"
_FULL = "gcp-sql-instance-require-point-in-time"


def instance(version: str = "POSTGRES_17") -> dict[str, Any]:
    """Return a compliant database."""
    engine = next(name for name in FLAGS if version.startswith(name))
    return {
        "databaseVersion": version,
        "deletionProtection": True,
        "settings": {
            "availabilityType": "REGIONAL",
            "databaseFlags": [{"name": name, "value": values[0]} for name, values in FLAGS[engine].items()],
            "backupConfiguration": {"enabled": True, "pointInTimeRecoveryEnabled": True, "binaryLogEnabled": True},
            "ipConfiguration": {
                "ipv4Enabled": False,
                "sslMode": "ENCRYPTED_ONLY",
                "authorizedNetworks": [{"name": "office", "value": "203.0.113.0/24"}],
            },
        },
    }


CASES = [
    _case("gcp-sql-instance-deny-open-networks", instance(), f"{_NET}.authorizedNetworks[0].value", "0.0.0.0/0",
          absent_path=f"{_NET}.authorizedNetworks"),
    _case("gcp-sql-instance-deny-public-address", instance(), f"{_NET}.ipv4Enabled", True),
    _case("gcp-sql-instance-require-tls", instance(), f"{_NET}.sslMode", "ALLOW_UNENCRYPTED_AND_ENCRYPTED"),
    _case("gcp-sql-instance-require-backups", instance(), f"{_BACKUPS}.enabled", False),
    _case(_FULL, instance(), f"{_BACKUPS}.pointInTimeRecoveryEnabled", False),
    _case(_FULL, instance("MYSQL_8_4"), f"{_BACKUPS}.binaryLogEnabled", False),
    _case("gcp-sql-instance-require-standby", instance(), "settings.availabilityType", "ZONAL"),
    _case("gcp-sql-instance-deny-unprotected", instance(), "deletionProtection", False),
    *(
        _case(f"gcp-sql-{engine.lower()}-require-flags", instance(f"{engine}_1"), "settings.databaseFlags[0].value",
              "other", absent_path="settings.databaseFlags")
        for engine in FLAGS
    ),
]  # fmt: skip
