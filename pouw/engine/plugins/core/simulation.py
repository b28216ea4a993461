"""The simulated cloud of a rehearsal: one database in the folder that the engine's session names.

Every call is one transaction, so a killed process leaves a whole cloud. Several plugins of one run share the file.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pouw.engine.plugins.core.properties import Value, from_json, to_json

VARIABLE: Final = "POUW_REHEARSAL"
"""The folder of the simulated cloud. Only our own session sets it; without it nothing is ever simulated."""
_PATIENCE_S = 30.0
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
    place: str
    """What its id is unique in: a region, a cluster; empty for the whole cloud."""
    id: str
    urn: str
    name: str | None
    """A name that the cloud gives once in its place; None where it does not mind."""
    inputs: Mapping[str, Value]
    outputs: Mapping[str, Value]
    known: bool = False
    """Whether the stack's state has it: the engine has spoken of its id since it was made."""


class SimulatedCloud:
    """Reads and writes the cloud's resources."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "cloud.db"

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """All of it or nothing; one at a time."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))  # what programs give as secrets is in it
        with closing(sqlite3.connect(self._path, timeout=_PATIENCE_S, isolation_level=None)) as connection:
            # A killed process loses nothing without this; only a machine that loses its power does.
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

    def records(self) -> list[Record]:
        """Everything that the cloud holds, in the order of its making."""
        if not self._path.exists():
            return []
        with self.transaction() as transaction:
            return transaction.select("order by rowid")


class Transaction:
    """The cloud, held still."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, token: str, place: str, identifier: str) -> Record | None:
        """The resource of an id."""
        found = self.select("where token = ? and place = ? and id = ?", token, place, identifier)
        return found[0] if found else None

    def of_urn(self, urn: str) -> list[Record]:
        """What was made for a resource of the program: more than one while it is replaced."""
        return self.select("where urn = ?", urn)

    def of_name(self, token: str, place: str, name: str) -> Record | None:
        """Who has a name."""
        found = self.select("where token = ? and place = ? and name = ?", token, place, name)
        return found[0] if found else None

    def of_token(self, token: str) -> list[Record]:
        """Every resource of a type."""
        return self.select("where token = ?", token)

    def read(self, token: str, place: str, identifier: str) -> Record | None:
        """The resource of an id that the engine speaks of: from now on it is known."""
        found = self.get(token, place, identifier)
        if found is not None and not found.known:
            self.put(replace(found, known=True))
        return found

    def forget_unknown(self, urn: str) -> None:
        """Remove what was made for a resource by a run that was killed before the engine noted it."""
        for record in self.of_urn(urn):
            if not record.known:
                self.remove(record)

    def put(self, record: Record) -> None:
        """Make it, or change what has its id."""
        self._connection.execute(
            f"insert into resource ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - our own column names
            " on conflict (token, place, id) do update set urn = excluded.urn, name = excluded.name,"
            " inputs = excluded.inputs, outputs = excluded.outputs,"
            " known = excluded.known",
            (
                record.token,
                record.place,
                record.id,
                record.urn,
                record.name,
                json.dumps(to_json(record.inputs)),
                json.dumps(to_json(record.outputs)),
                int(record.known),
            ),
        )

    def remove(self, record: Record) -> None:
        """Take it away."""
        self._connection.execute(
            "delete from resource where token = ? and place = ? and id = ?", (record.token, record.place, record.id)
        )

    def select(self, condition: str, *values: str) -> list[Record]:
        """Records by an SQL condition."""
        rows = self._connection.execute(f"select {_COLUMNS} from resource {condition}", values)  # noqa: S608 - conditions are ours
        return [
            Record(
                token=token,
                place=place,
                id=identifier,
                urn=urn,
                name=name,
                inputs=from_json(json.loads(inputs)),
                outputs=from_json(json.loads(outputs)),
                known=bool(known),
            )
            for token, place, identifier, urn, name, inputs, outputs, known in rows
        ]


def folder() -> Path | None:
    """Where the simulated cloud of this process is; None outside of a rehearsal."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None
