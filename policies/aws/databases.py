"""Relational databases on AWS, and those that are operated like them."""

from __future__ import annotations

from collections.abc import Iterator

from policies.checks import (
    MISSING,
    Check,
    both,
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
_LEAST_DAYS = 7
_TLS = ("rds.force_ssl", "require_secure_transport", "tls")
_OFF = ("0", "off", "disabled")


def _of_source(check: Check) -> Check:
    """Of databases that are no copy of another: a copy has its source's backups, and is itself what takes over."""

    def checked(props: Props) -> Iterator[str]:
        if not any(name in tuple(props) for name in ("replicateSourceDb", "replicationSourceIdentifier")):
            yield from check(props)

    return checked


def _takes_plain_connections(props: Props) -> Iterator[str]:
    for at, parameter in find(props, "parameters[*]"):
        if parameter is not MISSING and parameter["name"] in _TLS and str(parameter["value"]).lower() in _OFF:
            yield f"{at}.value: {parameter['name']} is {parameter['value']}"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-rds-database-require-encryption",
        types=STORES,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Whoever gets hold of a snapshot or a disk reads the data, and no database is encrypted later.",
        remedy="Set storageEncrypted: true.",
        reference=_GUIDE + "Overview.Encryption.html",
        check=must_be("storageEncrypted", True),
    ),
    Rule(
        id="aws-rds-instance-deny-public",
        types=(INSTANCE, CLUSTER_INSTANCE),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="A database with a public address is tried with known passwords all day.",
        remedy="Remove publiclyAccessible.",
        reference=_GUIDE + "USER_VPC.WorkingWithRDSInstanceinaVPC.html",
        check=must_not_be("publiclyAccessible", True),
    ),
    Rule(
        id="aws-rds-database-require-backups",
        types=STORES,
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="By default the last backup is a day old, or there is none.",
        remedy=f"Set backupRetentionPeriod to at least {_LEAST_DAYS}.",
        reference=_GUIDE + "USER_WorkingWithAutomatedBackups.html",
        check=_of_source(must_be_at_least("backupRetentionPeriod", _LEAST_DAYS)),
    ),
    Rule(
        id="aws-rds-database-require-deletion-protection",
        types=STORES,
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        production_only=True,
        why="One call deletes the database with its automated backups; elsewhere a stack is meant to be taken down.",
        remedy="Set deletionProtection: true.",
        reference=_GUIDE + "USER_DeleteInstance.html",
        check=must_be("deletionProtection", True),
    ),
    Rule(
        id="aws-rds-database-require-final-snapshot",
        types=STORES,
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="What is deleted without a last snapshot cannot be had back.",
        remedy="Remove skipFinalSnapshot, and set finalSnapshotIdentifier.",
        reference=_GUIDE + "USER_DeleteInstance.html",
        check=must_not_be("skipFinalSnapshot", True),
    ),
    Rule(
        id="aws-rds-instance-require-standby",
        types=(INSTANCE,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="When its one zone fails, the database waits for it.",
        remedy="Set multiAz: true.",
        reference=_GUIDE + "Concepts.MultiAZ.html",
        check=_of_source(must_be("multiAz", True)),
    ),
    Rule(
        id="aws-rds-instance-require-updates",
        types=(INSTANCE, CLUSTER_INSTANCE),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Holes that the engine's makers have closed stay open here.",
        remedy="Leave autoMinorVersionUpgrade on.",
        reference=_GUIDE + "USER_UpgradeDBInstance.Upgrading.html",
        check=must_not_be("autoMinorVersionUpgrade", False),
    ),
    Rule(
        id="aws-rds-database-deny-own-password",
        types=(INSTANCE, CLUSTER),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A password in the program is in its state, too, and nobody changes it.",
        remedy="Set manageMasterUserPassword: true instead.",
        reference=_GUIDE + "rds-secrets-manager.html",
        check=both(must_not_be_set("password"), must_not_be_set("masterPassword")),
    ),
    Rule(
        id="aws-rds-database-require-logs",
        types=STORES[:3],
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="The database's own log shows who came in and what failed, and is not exported by default.",
        remedy="Name the engine's logs in enabledCloudwatchLogsExports.",
        reference=_GUIDE + "USER_LogAccess.html",
        check=must_be_set("enabledCloudwatchLogsExports"),
    ),
    Rule(
        id="aws-rds-database-require-iam",
        types=(INSTANCE, CLUSTER),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Programs that come with a password share it and keep it.",
        remedy="Set iamDatabaseAuthenticationEnabled: true.",
        reference=_GUIDE + "UsingWithRDS.IAMDBAuth.html",
        check=must_be("iamDatabaseAuthenticationEnabled", True),
    ),
    Rule(
        id="aws-rds-parameters-deny-plain-connections",
        types=(*PARAMETERS, "aws:docdb/clusterParameterGroup:ClusterParameterGroup"),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A client that is told to talk in the clear does, and anybody on the way reads along.",
        remedy="Leave the engine's TLS parameter on.",
        reference=_GUIDE + "UsingWithRDS.SSL.html",
        check=_takes_plain_connections,
    ),
)
