"""Rules about Cloud SQL instances: network access, encryption, backups and flags."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from policies.checks import MISSING, find, format_value, must_be, must_not_be
from policies.exposure import is_internet
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity

INSTANCE = "gcp:sql/databaseInstance:DatabaseInstance"

_GUIDE = "https://cloud.google.com/sql/docs/"
FLAGS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "MYSQL": {"local_infile": ("off",), "skip_show_database": ("on",)},
    "POSTGRES": {
        "log_connections": ("on",),
        "log_disconnections": ("on",),
        "cloudsql.enable_pgaudit": ("on",),
        "log_min_error_statement": ("error", "log", "fatal", "panic"),
        "log_min_messages": ("warning", "error", "log", "fatal", "panic"),
        "log_statement": ("ddl", "mod", "all"),
    },
    "SQLSERVER": {
        "external scripts enabled": ("off",),
        "cross db ownership chaining": ("off",),
        "remote access": ("off",),
        "contained database authentication": ("off",),
        "3625": ("on",),
    },
}
"""Flags with insecure defaults by engine, with their secure values."""


def _check_authorized_networks(props: Props) -> Iterator[str]:
    for path, network in find(props, "settings.ipConfiguration.authorizedNetworks[*].value"):
        if network is not MISSING and is_internet(network):
            yield f"{path}: the instance is open to the Internet; got {network}; expected named address ranges"


def _must_set_flags(engine: str) -> Callable[[Props], Iterator[str]]:
    def check(props: Props) -> Iterator[str]:
        if not str(props["databaseVersion"]).startswith(engine):
            return
        entries = [entry for _, entry in find(props, "settings.databaseFlags[*]") if entry is not MISSING]
        flags = {entry["name"]: str(entry["value"]).lower() for entry in entries}
        for name, values in FLAGS[engine].items():
            if flags.get(name) not in values:
                yield (
                    f"settings.databaseFlags: {name} is not allowed; got {flags.get(name, 'nothing')}; expected "
                    f"{values[0]}"
                )

    return check


def _check_point_in_time_recovery(props: Props) -> Iterator[str]:
    backups = (props["settings"].get("backupConfiguration")) or {}
    setting = "binaryLogEnabled" if str(props["databaseVersion"]).startswith("MYSQL") else "pointInTimeRecoveryEnabled"
    if backups.get(setting) is not True:
        yield (
            f"settings.backupConfiguration.{setting}: is not allowed; got {format_value(backups.get(setting))}; "
            "expected true"
        )


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-sql-instance-deny-open-networks",
        types=(INSTANCE,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Attackers can guess passwords from anywhere.",
        remedy="Remove the network from authorizedNetworks, and connect clients through a private address.",
        reference=_GUIDE + "mysql/authorize-networks",
        check=_check_authorized_networks,
    ),
    Rule(
        id="gcp-sql-instance-deny-public-address",
        types=(INSTANCE,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="By default Google assigns a public address to every instance.",
        remedy="Set settings.ipConfiguration.ipv4Enabled: false, and privateNetwork or pscConfigs.",
        reference=_GUIDE + "mysql/private-ip",
        check=must_be("settings.ipConfiguration.ipv4Enabled", False),
    ),
    Rule(
        id="gcp-sql-instance-require-tls",
        types=(INSTANCE,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Passwords and data are sent unencrypted unless each client enables TLS.",
        remedy="Set settings.ipConfiguration.sslMode: ENCRYPTED_ONLY.",
        reference=_GUIDE + "mysql/configure-ssl-instance",
        check=must_be("settings.ipConfiguration.sslMode", "ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"),
    ),
    Rule(
        id="gcp-sql-instance-require-backups",
        types=(INSTANCE,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without backups, lost data cannot be restored.",
        remedy="Set settings.backupConfiguration.enabled: true.",
        reference=_GUIDE + "mysql/backup-recovery/backups",
        check=must_be("settings.backupConfiguration.enabled", True),
    ),
    Rule(
        id="gcp-sql-instance-require-point-in-time",
        types=(INSTANCE,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without point-in-time recovery, an error loses all changes since the last nightly backup.",
        remedy="Set settings.backupConfiguration.pointInTimeRecoveryEnabled: true; for MySQL, binaryLogEnabled.",
        reference=_GUIDE + "mysql/backup-recovery/pitr",
        check=_check_point_in_time_recovery,
    ),
    Rule(
        id="gcp-sql-instance-require-standby",
        types=(INSTANCE,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="After a failure of its zone, the database is unavailable until it is restored manually.",
        remedy="Set settings.availabilityType: REGIONAL.",
        reference=_GUIDE + "mysql/high-availability",
        check=must_be("settings.availabilityType", "REGIONAL"),
    ),
    Rule(
        id="gcp-sql-instance-deny-unprotected",
        types=(INSTANCE,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        production_only=True,
        why="One wrong change can delete the database. Stacks outside production are meant to be deleted.",
        remedy="Remove deletionProtection, or set it to true.",
        reference=_GUIDE + "mysql/deletion-protection",
        check=must_not_be("deletionProtection", False),
    ),
    *(
        Rule(
            id=f"gcp-sql-{engine.lower()}-require-flags",
            types=(INSTANCE,),
            severity=Severity.MEDIUM,
            absent=Absence.DENY,
            why="The engine's defaults allow too much access or log too little.",
            remedy=(
                f"Set {', '.join(f'{name}: {values[0]}' for name, values in FLAGS[engine].items())} in "
                "settings.databaseFlags."
            ),
            reference=_GUIDE + f"{engine.lower()}/flags",
            check=_must_set_flags(engine),
        )
        for engine in FLAGS
    ),
)
