"""Databases, caches and queues: who connects, with what, and what is written down."""

from __future__ import annotations

from policies.azure.relations import must_have
from policies.checks import both, may_be, must_be, must_not_be
from policies.rule import Absence, AnyRule, Level, Rule, Severity, StackRule

SQL = "azure-native:sql:Server"
SQL_DATABASE = "azure-native:sql:Database"
AUDITING = ("azure-native:sql:ServerBlobAuditingPolicy", "azure-native:sql:ExtendedServerBlobAuditingPolicy")
POSTGRES = "azure-native:dbforpostgresql:Server"
COSMOS = "azure-native:cosmosdb:DatabaseAccount"
REDIS = "azure-native:redis:Redis"
QUEUES = ("azure-native:servicebus:Namespace", "azure-native:eventhub:Namespace")

_SQL = "https://learn.microsoft.com/en-us/azure/azure-sql/database/"
_POSTGRES = "https://learn.microsoft.com/en-us/azure/postgresql/flexible-server/"
_COSMOS = "https://learn.microsoft.com/en-us/azure/cosmos-db/"
_REDIS = "https://learn.microsoft.com/en-us/azure/azure-cache-for-redis/"

RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-sql-server-require-tls12",
        types=(SQL,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="TLS 1.0 has weaknesses that are known.",
        remedy='Set minimalTlsVersion: "1.2".',
        reference=_SQL + "connectivity-settings",
        check=must_be("minimalTlsVersion", "1.2", "1.3"),
    ),
    Rule(
        id="azure-sql-server-require-directory",
        types=(SQL,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Logins of a database's own neither leave with the people nor answer for a second factor.",
        remedy="Set administrators.azureADOnlyAuthentication: true.",
        reference=_SQL + "authentication-azure-ad-only-authentication",
        check=must_be("administrators.azureADOnlyAuthentication", True),
    ),
    StackRule(
        id="azure-sql-server-require-auditing",
        types=(SQL,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Who read what cannot be found out later.",
        remedy="Add an enabled ServerBlobAuditingPolicy.",
        reference=_SQL + "auditing-overview",
        check=must_have(
            AUDITING,
            "serverName",
            "nobody writes down who reads it",
            by="serverName",
            holds=lambda one: one.get("state") == "Enabled",
        ),
    ),
    Rule(
        id="azure-sql-database-require-zones",
        types=(SQL_DATABASE,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="The database is lost for as long as one building is.",
        remedy="Set zoneRedundant: true.",
        reference=_SQL + "high-availability-sla-local-zone-redundancy",
        check=must_be("zoneRedundant", True),
    ),
    Rule(
        id="azure-sql-store-deny-public-network",
        types=(SQL, COSMOS, REDIS, *QUEUES),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The service is public unless told otherwise, and whoever has a password uses it from anywhere.",
        remedy="Set publicNetworkAccess: Disabled and use a private endpoint.",
        reference="https://learn.microsoft.com/en-us/azure/private-link/private-link-overview",
        check=must_be("publicNetworkAccess", "Disabled", "SecuredByPerimeter"),
    ),
    Rule(
        id="azure-postgresql-server-deny-public-network",
        types=(POSTGRES,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The server is public unless told otherwise, and whoever has a password uses it from anywhere.",
        remedy="Set network.publicNetworkAccess: Disabled.",
        reference=_POSTGRES + "concepts-networking-private",
        check=must_be("network.publicNetworkAccess", "Disabled"),
    ),
    Rule(
        id="azure-postgresql-server-require-directory",
        types=(POSTGRES,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Passwords of a database's own neither leave with the people nor answer for a second factor.",
        remedy="Set authConfig to activeDirectoryAuth: Enabled and passwordAuth: Disabled.",
        reference=_POSTGRES + "concepts-azure-ad-authentication",
        check=both(
            must_be("authConfig.activeDirectoryAuth", "Enabled"), must_be("authConfig.passwordAuth", "Disabled")
        ),
    ),
    Rule(
        id="azure-postgresql-server-require-distant-backup",
        types=(POSTGRES,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Backups in the region that they are for are lost with it, and it cannot be turned on later.",
        remedy="Set backup.geoRedundantBackup: Enabled.",
        reference=_POSTGRES + "concepts-backup-restore",
        check=must_be("backup.geoRedundantBackup", "Enabled"),
    ),
    Rule(
        id="azure-postgresql-server-require-standby",
        types=(POSTGRES,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="The database is lost for as long as one building is.",
        remedy="Set highAvailability.mode: ZoneRedundant.",
        reference=_POSTGRES + "concepts-high-availability",
        check=must_be("highAvailability.mode", "ZoneRedundant"),
    ),
    Rule(
        id="azure-cosmosdb-account-deny-keys",
        types=(COSMOS,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The account's key opens everything in it, and no log says whose hand it was in.",
        remedy="Set disableLocalAuth: true and give roles.",
        reference=_COSMOS + "how-to-setup-rbac",
        check=must_be("disableLocalAuth", True),
    ),
    Rule(
        id="azure-cosmosdb-account-require-tls12",
        types=(COSMOS,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="TLS 1.0 has weaknesses that are known.",
        remedy="Set minimalTlsVersion: Tls12, or leave it out.",
        reference=_COSMOS + "self-serve-minimum-tls-enforcement",
        check=may_be("minimalTlsVersion", "Tls12"),
    ),
    Rule(
        id="azure-cosmosdb-account-require-continuous-backup",
        types=(COSMOS,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Periodic backups lose hours, and only support restores them.",
        remedy="Set backupPolicy.type: Continuous.",
        reference=_COSMOS + "continuous-backup-restore-introduction",
        check=must_be("backupPolicy.type", "Continuous"),
    ),
    Rule(
        id="azure-redis-cache-deny-plain",
        types=(REDIS,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Anybody on the way reads keys and values.",
        remedy="Set enableNonSslPort: false, or leave it out.",
        reference=_REDIS + "cache-configure",
        check=must_not_be("enableNonSslPort", True),
    ),
    Rule(
        id="azure-redis-cache-require-tls12",
        types=(REDIS,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="TLS 1.0 has weaknesses that are known.",
        remedy='Set minimumTlsVersion: "1.2".',
        reference=_REDIS + "cache-remove-tls-10-11",
        check=must_be("minimumTlsVersion", "1.2"),
    ),
    Rule(
        id="azure-redis-cache-deny-keys",
        types=(REDIS,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="One password for everybody, which nobody changes.",
        remedy="Set disableAccessKeyAuthentication: true.",
        reference=_REDIS + "cache-azure-active-directory-for-authentication",
        check=must_be("disableAccessKeyAuthentication", True),
    ),
    Rule(
        id="azure-messaging-namespace-require-tls12",
        types=QUEUES,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="TLS 1.0 has weaknesses that are known.",
        remedy='Set minimumTlsVersion: "1.2".',
        reference="https://learn.microsoft.com/en-us/azure/service-bus-messaging/transport-layer-security-enforce-minimum-version",
        check=must_be("minimumTlsVersion", "1.2", "1.3"),
    ),
    Rule(
        id="azure-messaging-namespace-deny-keys",
        types=QUEUES,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A shared key sends and reads for whoever copied it.",
        remedy="Set disableLocalAuth: true and give roles.",
        reference="https://learn.microsoft.com/en-us/azure/service-bus-messaging/disable-local-authentication",
        check=must_be("disableLocalAuth", True),
    ),
)
