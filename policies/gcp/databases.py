"""Databases of Cloud SQL: who reaches them, and that their data can be had back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from policies.checks import MISSING, find, must_be, must_not_be
from policies.openings import is_anybody
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
"""By engine: flags whose defaults let too much in or write too little down, and values that do not."""


def _is_open_to_all(props: Props) -> Iterator[str]:
    for at, one in find(props, "settings.ipConfiguration.authorizedNetworks[*].value"):
        if one is not MISSING and is_anybody(one):
            yield f"{at}: is {one}, so anybody may try to log in"


def _has_flags(engine: str) -> Callable[[Props], Iterator[str]]:
    def check(props: Props) -> Iterator[str]:
        if not str(props["databaseVersion"]).startswith(engine):
            return
        found = [one for _, one in find(props, "settings.databaseFlags[*]") if one is not MISSING]
        given = {one["name"]: str(one["value"]).lower() for one in found}
        for name, values in FLAGS[engine].items():
            if given.get(name) not in values:
                yield f"settings.databaseFlags: {name} is {given.get(name, 'missing')}, and must be {values[0]}"

    return check


def _cannot_go_back(props: Props) -> Iterator[str]:
    backups = (props["settings"].get("backupConfiguration")) or {}
    switch = "binaryLogEnabled" if str(props["databaseVersion"]).startswith("MYSQL") else "pointInTimeRecoveryEnabled"
    if backups.get(switch) is not True:
        yield f"settings.backupConfiguration.{switch}: is not true"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-sql-instance-deny-open-networks",
        types=(INSTANCE,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Passwords are guessed at from everywhere.",
        remedy="Remove the network from authorizedNetworks; let clients in by a private address.",
        reference=_GUIDE + "mysql/authorize-networks",
        check=_is_open_to_all,
    ),
    Rule(
        id="gcp-sql-instance-deny-public-address",
        types=(INSTANCE,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Google gives an address outside to every instance that does not say no.",
        remedy="Set settings.ipConfiguration.ipv4Enabled: false, and privateNetwork or pscConfigs.",
        reference=_GUIDE + "mysql/private-ip",
        check=must_be("settings.ipConfiguration.ipv4Enabled", False),
    ),
    Rule(
        id="gcp-sql-instance-require-tls",
        types=(INSTANCE,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Passwords and data go in plain text wherever a client does not ask for more.",
        remedy="Set settings.ipConfiguration.sslMode: ENCRYPTED_ONLY.",
        reference=_GUIDE + "mysql/configure-ssl-instance",
        check=must_be("settings.ipConfiguration.sslMode", "ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"),
    ),
    Rule(
        id="gcp-sql-instance-require-backups",
        types=(INSTANCE,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="What is lost is lost.",
        remedy="Set settings.backupConfiguration.enabled: true.",
        reference=_GUIDE + "mysql/backup-recovery/backups",
        check=must_be("settings.backupConfiguration.enabled", True),
    ),
    Rule(
        id="gcp-sql-instance-require-point-in-time",
        types=(INSTANCE,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A mistake at noon costs all that was done since the night.",
        remedy="Set pointInTimeRecoveryEnabled: true in settings.backupConfiguration; binaryLogEnabled for MySQL.",
        reference=_GUIDE + "mysql/backup-recovery/pitr",
        check=_cannot_go_back,
    ),
    Rule(
        id="gcp-sql-instance-require-standby",
        types=(INSTANCE,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="When its zone fails, the database fails until somebody restores it.",
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
        why="One wrong line in a program takes the database away; elsewhere a stack is meant to be taken down.",
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
            why="The engine's defaults let too much in, or write too little down.",
            remedy=f"Set {', '.join(f'{name}: {values[0]}' for name, values in FLAGS[engine].items())}.",
            reference=_GUIDE + f"{engine.lower()}/flags",
            check=_has_flags(engine),
        )
        for engine in FLAGS
    ),
)
