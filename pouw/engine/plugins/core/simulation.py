"""The simulated cloud of a rehearsal: one database in the folder that an environment variable names.

Every call is one transaction, so a killed process leaves a consistent cloud. Several plugins of one run share the file.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pouw.engine.plugins.core.properties import Value, from_json, to_json

VARIABLE: Final = "POUW_REHEARSAL"
"""Folder of the simulated cloud. Only a rehearsal sets it; without it nothing is simulated."""
_LOCK_TIMEOUT_SECONDS = 30.0
_CREATION: Final = threading.Lock()
_SCHEMA: Final = """
    create table if not exists resource (
        token text not null,
        place text not null,
        id text not null,
        urn text not null,
        name text,
        inputs text not null,
        outputs text not null,
        known integer not null default 0,
        primary key (token, place, id)
    );
    create index if not exists by_urn on resource (urn);
    create unique index if not exists by_name on resource (token, place, name);
"""
_COLUMNS: Final = "token, place, id, urn, name, inputs, outputs, known"


@dataclass(frozen=True, kw_only=True)
class Record:
    """One resource that the simulated cloud holds."""

    token: str
    scope: str
    """Region or cluster that its id is unique in; empty if it is unique in the cloud."""
    id: str
    urn: str
    name: str | None
    """A name that is unique in its scope; None where the cloud allows any."""
    inputs: Mapping[str, Value]
    outputs: Mapping[str, Value]
    in_state: bool = False
    """True if the stack's state has it: the engine has used its id since it was created."""


class SimulatedCloud:
    """The database of the cloud's resources."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "cloud.db"

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open the only transaction; an error rolls it back."""
        self._create()
        with closing(sqlite3.connect(self._path, timeout=_LOCK_TIMEOUT_SECONDS, isolation_level=None)) as connection:
            # Without synchronous writes a killed process loses nothing; only a power failure does.
            connection.execute("pragma synchronous = off")
            connection.execute("begin immediate")
            try:
                for statement in _SCHEMA.split(";"):
                    connection.execute(statement)
                yield Transaction(connection)
            except BaseException:
                connection.execute("rollback")
                raise
            connection.execute("commit")

    def _create(self) -> None:
        """Create the file, which holds the secrets of programs, for its owner only.

        An existing file is never opened here: closing it would drop the locks that SQLite holds on it in other threads
        of this process.
        """
        with _CREATION, suppress(FileExistsError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL, 0o600))

    def records(self) -> list[Record]:
        """Return every resource in the order of creation."""
        if not self._path.exists():
            return []
        with self.transaction() as transaction:
            return transaction.select("order by rowid")


class Transaction:
    """Access to the cloud that excludes other writers."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, token: str, scope: str, identifier: str) -> Record | None:
        """Return the resource of an id."""
        records = self.select("where token = ? and place = ? and id = ?", token, scope, identifier)
        return records[0] if records else None

    def of_urn(self, urn: str) -> list[Record]:
        """Return the records of a resource of the program: two while it is replaced."""
        return self.select("where urn = ?", urn)

    def of_name(self, token: str, scope: str, name: str) -> Record | None:
        """Return the resource of a name."""
        records = self.select("where token = ? and place = ? and name = ?", token, scope, name)
        return records[0] if records else None

    def of_token(self, token: str) -> list[Record]:
        """Return every resource of a type."""
        return self.select("where token = ?", token)

    def read(self, token: str, scope: str, identifier: str) -> Record | None:
        """Return the resource of an id that the engine uses, and note that the state has it."""
        record = self.get(token, scope, identifier)
        if record is not None and not record.in_state:
            self.save(replace(record, in_state=True))
        return record

    def remove_unrecorded(self, urn: str) -> None:
        """Remove records of a run that was killed before the engine wrote them to the state."""
        for record in self.of_urn(urn):
            if not record.in_state:
                self.remove(record)

    def save(self, record: Record) -> None:
        """Insert a record, or replace the one that has its id."""
        self._connection.execute(
            f"insert into resource ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - our own column names
            " on conflict (token, place, id) do update set urn = excluded.urn, name = excluded.name,"
            " inputs = excluded.inputs, outputs = excluded.outputs,"
            " known = excluded.known",
            (
                record.token,
                record.scope,
                record.id,
                record.urn,
                record.name,
                json.dumps(to_json(record.inputs)),
                json.dumps(to_json(record.outputs)),
                int(record.in_state),
            ),
        )

    def remove(self, record: Record) -> None:
        """Delete a record."""
        self._connection.execute(
            "delete from resource where token = ? and place = ? and id = ?", (record.token, record.scope, record.id)
        )

    def select(self, condition: str, *values: str) -> list[Record]:
        """Return the records that an SQL condition selects."""
        rows = self._connection.execute(f"select {_COLUMNS} from resource {condition}", values)  # noqa: S608 - conditions are ours
        return [
            Record(
                token=token,
                scope=scope,
                id=identifier,
                urn=urn,
                name=name,
                inputs=from_json(json.loads(inputs)),
                outputs=from_json(json.loads(outputs)),
                in_state=bool(in_state),
            )
            for token, scope, identifier, urn, name, inputs, outputs, in_state in rows
        ]


def folder() -> Path | None:
    """Return the folder of the simulated cloud; None outside of a rehearsal."""
    path = os.environ.get(VARIABLE)
    return Path(path) if path else None
