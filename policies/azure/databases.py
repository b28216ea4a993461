"""Rules about databases, caches and messaging: authentication, encryption and backups."""

from __future__ import annotations

from policies.azure.references import must_have
from policies.checks import all_of, may_be, must_be, must_not_be
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
        why="TLS 1.0 has known attacks.",
        remedy='Set minimalTlsVersion: "1.2".',
        reference=_SQL + "connectivity-settings",
        check=must_be("minimalTlsVersion", "1.2", "1.3"),
    ),
    Rule(
        id="azure-sql-server-require-directory",
        types=(SQL,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Database logins survive staff changes and need no second factor.",
        remedy="Set administrators.azureADOnlyAuthentication: true.",
        reference=_SQL + "authentication-azure-ad-only-authentication",
        check=must_be("administrators.azureADOnlyAuthentication", True),
    ),
    StackRule(
        id="azure-sql-server-require-auditing",
        types=(SQL,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without an audit log, access to data cannot be investigated later.",
        remedy="Add a ServerBlobAuditingPolicy with state: Enabled.",
        reference=_SQL + "auditing-overview",
        check=must_have(
            AUDITING,
            "serverName",
            "access is not audited; got no enabled auditing policy; expected one",
            by="serverName",
            holds=lambda props: props.get("state") == "Enabled",
        ),
    ),
    Rule(
        id="azure-sql-database-require-zones",
        types=(SQL_DATABASE,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="The failure of one data centre makes the database unavailable.",
        remedy="Set zoneRedundant: true.",
        reference=_SQL + "high-availability-sla-local-zone-redundancy",
        check=must_be("zoneRedundant", True),
    ),
    Rule(
        id="azure-sql-store-deny-public-network",
        types=(SQL, COSMOS, REDIS, *QUEUES),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The service is public by default, and a leaked password works from anywhere.",
        remedy="Set publicNetworkAccess: Disabled, and use a private endpoint.",
        reference="https://learn.microsoft.com/en-us/azure/private-link/private-link-overview",
        check=must_be("publicNetworkAccess", "Disabled", "SecuredByPerimeter"),
    ),
    Rule(
        id="azure-postgresql-server-deny-public-network",
        types=(POSTGRES,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The server is public by default, and a leaked password works from anywhere.",
        remedy="Set network.publicNetworkAccess: Disabled.",
        reference=_POSTGRES + "concepts-networking-private",
        check=must_be("network.publicNetworkAccess", "Disabled"),
    ),
    Rule(
        id="azure-postgresql-server-require-directory",
        types=(POSTGRES,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Database passwords survive staff changes and need no second factor.",
        remedy="Set authConfig.activeDirectoryAuth: Enabled, and authConfig.passwordAuth: Disabled.",
        reference=_POSTGRES + "concepts-azure-ad-authentication",
        check=all_of(
            must_be("authConfig.activeDirectoryAuth", "Enabled"), must_be("authConfig.passwordAuth", "Disabled")
        ),
    ),
    Rule(
        id="azure-postgresql-server-require-distant-backup",
        types=(POSTGRES,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A failure of the region destroys the backups too. The setting cannot be enabled later.",
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
        why="The failure of one data centre makes the database unavailable.",
        remedy="Set highAvailability.mode: ZoneRedundant.",
        reference=_POSTGRES + "concepts-high-availability",
        check=must_be("highAvailability.mode", "ZoneRedundant"),
    ),
    Rule(
        id="azure-cosmosdb-account-deny-keys",
        types=(COSMOS,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="An account key grants access to all data, and no log identifies its users.",
        remedy="Set disableLocalAuth: true, and assign roles.",
        reference=_COSMOS + "how-to-setup-rbac",
        check=must_be("disableLocalAuth", True),
    ),
    Rule(
        id="azure-cosmosdb-account-require-tls12",
        types=(COSMOS,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="TLS 1.0 has known attacks.",
        remedy="Set minimalTlsVersion: Tls12, or remove it.",
        reference=_COSMOS + "self-serve-minimum-tls-enforcement",
        check=may_be("minimalTlsVersion", "Tls12"),
    ),
    Rule(
        id="azure-cosmosdb-account-require-continuous-backup",
        types=(COSMOS,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Periodic backups lose hours of data, and only the provider's support can restore them.",
        remedy="Set backupPolicy.type: Continuous.",
        reference=_COSMOS + "continuous-backup-restore-introduction",
        check=must_be("backupPolicy.type", "Continuous"),
    ),
    Rule(
        id="azure-redis-cache-deny-plain",
        types=(REDIS,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Without TLS, anyone on the network path can read keys and values.",
        remedy="Set enableNonSslPort: false, or remove it.",
        reference=_REDIS + "cache-configure",
        check=must_not_be("enableNonSslPort", True),
    ),
    Rule(
        id="azure-redis-cache-require-tls12",
        types=(REDIS,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="TLS 1.0 has known attacks.",
        remedy='Set minimumTlsVersion: "1.2".',
        reference=_REDIS + "cache-remove-tls-10-11",
        check=must_be("minimumTlsVersion", "1.2"),
    ),
    Rule(
        id="azure-redis-cache-deny-keys",
        types=(REDIS,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="All clients share one access key that is rarely rotated.",
        remedy="Set disableAccessKeyAuthentication: true.",
        reference=_REDIS + "cache-azure-active-directory-for-authentication",
        check=must_be("disableAccessKeyAuthentication", True),
    ),
    Rule(
        id="azure-messaging-namespace-require-tls12",
        types=QUEUES,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="TLS 1.0 has known attacks.",
        remedy='Set minimumTlsVersion: "1.2".',
        reference="https://learn.microsoft.com/en-us/azure/service-bus-messaging/transport-layer-security-enforce-minimum-version",
        check=must_be("minimumTlsVersion", "1.2", "1.3"),
    ),
    Rule(
        id="azure-messaging-namespace-deny-keys",
        types=QUEUES,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Anyone with a copy of the shared key can send and read messages.",
        remedy="Set disableLocalAuth: true, and assign roles.",
        reference="https://learn.microsoft.com/en-us/azure/service-bus-messaging/disable-local-authentication",
        check=must_be("disableLocalAuth", True),
    ),
)
