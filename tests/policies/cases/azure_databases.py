"""Cases of ``policies.azure.databases``."""

from __future__ import annotations

from policies.azure import databases
from policies.azure.databases import QUEUES, RULES
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.azure.fixtures import AUDITING, COSMOS, POSTGRES, QUEUE, REDIS, SQL

_make = tables.of(RULES)
_PUBLIC = "azure-sql-store-deny-public-network"
_AUDIT = (Declaration(type=databases.AUDITING[0], name="audit", props=AUDITING),)
_STORES = {databases.SQL: SQL, databases.COSMOS: COSMOS, databases.REDIS: REDIS, QUEUES[0]: QUEUE, QUEUES[1]: QUEUE}

CASES = [
    _make("azure-sql-server-require-tls12", SQL, "minimalTlsVersion", "1.0"),
    _make("azure-sql-server-require-directory", SQL, "administrators.azureADOnlyAuthentication", False),
    _make("azure-sql-server-require-auditing", SQL, "state", "Disabled", related=_AUDIT, broken_related="audit"),
    _make("azure-sql-database-require-zones", {"zoneRedundant": True}, "zoneRedundant", False),
    *(_make(_PUBLIC, props, "publicNetworkAccess", "Enabled", type=kind) for kind, props in _STORES.items()),
    _make("azure-postgresql-server-deny-public-network", POSTGRES, "network.publicNetworkAccess", "Enabled"),
    _make("azure-postgresql-server-require-directory", POSTGRES, "authConfig.passwordAuth", "Enabled"),
    _make("azure-postgresql-server-require-directory", POSTGRES, "authConfig.activeDirectoryAuth", "Disabled"),
    _make("azure-postgresql-server-require-distant-backup", POSTGRES, "backup.geoRedundantBackup", "Disabled"),
    _make("azure-postgresql-server-require-standby", POSTGRES, "highAvailability.mode", "Disabled"),
    _make("azure-cosmosdb-account-deny-keys", COSMOS, "disableLocalAuth", False),
    _make("azure-cosmosdb-account-require-tls12", COSMOS, "minimalTlsVersion", "Tls"),
    _make("azure-cosmosdb-account-require-continuous-backup", COSMOS, "backupPolicy.type", "Periodic"),
    _make("azure-redis-cache-deny-plain", REDIS, "enableNonSslPort", True),
    _make("azure-redis-cache-require-tls12", REDIS, "minimumTlsVersion", "1.0"),
    _make("azure-redis-cache-deny-keys", REDIS, "disableAccessKeyAuthentication", False),
    *(
        _make("azure-messaging-namespace-require-tls12", QUEUE, "minimumTlsVersion", "1.0", type=queue)
        for queue in QUEUES
    ),
    *(_make("azure-messaging-namespace-deny-keys", QUEUE, "disableLocalAuth", False, type=queue) for queue in QUEUES),
]
