"""Rules about RDS, DocumentDB and Neptune databases."""

from __future__ import annotations

from collections.abc import Iterator

from policies.checks import (
    MISSING,
    Check,
    all_of,
    find,
    must_be,
    must_be_at_least,
    must_be_set,
    must_not_be,
    must_not_be_set,
)
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity

INSTANCE = "aws:rds/instance:Instance"
CLUSTER = "aws:rds/cluster:Cluster"
CLUSTER_INSTANCE = "aws:rds/clusterInstance:ClusterInstance"
DOCUMENTS = "aws:docdb/cluster:Cluster"
GRAPHS = "aws:neptune/cluster:Cluster"
PARAMETERS = ("aws:rds/parameterGroup:ParameterGroup", "aws:rds/clusterParameterGroup:ClusterParameterGroup")
STORES = (INSTANCE, CLUSTER, DOCUMENTS, GRAPHS)

_GUIDE = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/"
_MINIMUM_DAYS = 7
_TLS = ("rds.force_ssl", "require_secure_transport", "tls")
_OFF = ("0", "off", "disabled")


def _for_primary(check: Check) -> Check:
    """Return the check for primary databases only. A replica uses the backups of its source."""

    def check_applicable(props: Props) -> Iterator[str]:
        if not any(name in tuple(props) for name in ("replicateSourceDb", "replicationSourceIdentifier")):
            yield from check(props)

    return check_applicable


def _check_tls_parameters(props: Props) -> Iterator[str]:
    for path, parameter in find(props, "parameters[*]"):
        if parameter is not MISSING and parameter["name"] in _TLS and str(parameter["value"]).lower() in _OFF:
            yield (
                f"{path}.value: the engine accepts connections without TLS; got "
                f"{parameter['name']}={parameter['value']}; expected TLS to be required"
            )


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-rds-database-require-encryption",
        types=STORES,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Anyone with access to a disk or snapshot can read the data. Encryption cannot be enabled later.",
        remedy="Set storageEncrypted: true.",
        reference=_GUIDE + "Overview.Encryption.html",
        check=must_be("storageEncrypted", True),
    ),
    Rule(
        id="aws-rds-instance-deny-public",
        types=(INSTANCE, CLUSTER_INSTANCE),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="A database with a public address is under constant password-guessing attacks.",
        remedy="Remove publiclyAccessible.",
        reference=_GUIDE + "USER_VPC.WorkingWithRDSInstanceinaVPC.html",
        check=must_not_be("publiclyAccessible", True),
    ),
    Rule(
        id="aws-rds-database-require-backups",
        types=STORES,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="By default the database keeps one day of backups or none.",
        remedy=f"Set backupRetentionPeriod to at least {_MINIMUM_DAYS}.",
        reference=_GUIDE + "USER_WorkingWithAutomatedBackups.html",
        check=_for_primary(must_be_at_least("backupRetentionPeriod", _MINIMUM_DAYS)),
    ),
    Rule(
        id="aws-rds-database-require-deletion-protection",
        types=STORES,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        production_only=True,
        why=(
            "One API call can delete the database and its automated backups. Stacks outside production are meant to "
            "be deleted."
        ),
        remedy="Set deletionProtection: true.",
        reference=_GUIDE + "USER_DeleteInstance.html",
        check=must_be("deletionProtection", True),
    ),
    Rule(
        id="aws-rds-database-require-final-snapshot",
        types=STORES,
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Without a final snapshot, a deleted database cannot be restored.",
        remedy="Remove skipFinalSnapshot, and set finalSnapshotIdentifier.",
        reference=_GUIDE + "USER_DeleteInstance.html",
        check=must_not_be("skipFinalSnapshot", True),
    ),
    Rule(
        id="aws-rds-instance-require-standby",
        types=(INSTANCE,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A failure of its only zone makes the database unavailable until the zone recovers.",
        remedy="Set multiAz: true.",
        reference=_GUIDE + "Concepts.MultiAZ.html",
        check=_for_primary(must_be("multiAz", True)),
    ),
    Rule(
        id="aws-rds-instance-require-updates",
        types=(INSTANCE, CLUSTER_INSTANCE),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Vulnerabilities that the engine's vendor has fixed remain exploitable.",
        remedy="Remove autoMinorVersionUpgrade, or set it to true.",
        reference=_GUIDE + "USER_UpgradeDBInstance.Upgrading.html",
        check=must_not_be("autoMinorVersionUpgrade", False),
    ),
    Rule(
        id="aws-rds-database-deny-own-password",
        types=(INSTANCE, CLUSTER),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A password in the program is also in its state, and it is never rotated.",
        remedy="Set manageMasterUserPassword: true instead of a password.",
        reference=_GUIDE + "rds-secrets-manager.html",
        check=all_of(must_not_be_set("password"), must_not_be_set("masterPassword")),
    ),
    Rule(
        id="aws-rds-database-require-logs",
        types=STORES[:3],
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="The database log records connections and failures, and is not exported by default.",
        remedy="Set enabledCloudwatchLogsExports to the engine's logs.",
        reference=_GUIDE + "USER_LogAccess.html",
        check=must_be_set("enabledCloudwatchLogsExports"),
    ),
    Rule(
        id="aws-rds-database-require-iam",
        types=(INSTANCE, CLUSTER),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Clients with a shared password keep access for as long as the password is unchanged.",
        remedy="Set iamDatabaseAuthenticationEnabled: true.",
        reference=_GUIDE + "UsingWithRDS.IAMDBAuth.html",
        check=must_be("iamDatabaseAuthenticationEnabled", True),
    ),
    Rule(
        id="aws-rds-parameters-deny-plain-connections",
        types=(*PARAMETERS, "aws:docdb/clusterParameterGroup:ClusterParameterGroup"),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A client may connect without TLS, and then anyone on the network path can read the data.",
        remedy="Remove the override of the engine's TLS parameter from parameters.",
        reference=_GUIDE + "UsingWithRDS.SSL.html",
        check=_check_tls_parameters,
    ),
)
