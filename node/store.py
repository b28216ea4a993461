"""Durable store: blocks, the chain that they form and the state at its head, in one SQLite file.

A block and its state are one transaction, in WAL mode with full sync: once `commit` has returned, they are on
disk, and what it did not is not there at all. One writer; readers have connections of their own.
"""

from __future__ import annotations

import sqlite3
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from node.encoding import Reader
from node.errors import EncodingError, StoreError
from node.ledger.block import BODY_BYTES_LIMIT, Block, Body, Header
from node.ledger.state import Changes, State, encode_undo

FILE = "chain.sqlite3"
SCHEMA = 1
UNDO_BLOCKS = 2048
"""Greatest depth of a reorganisation: undo data of older blocks is dropped."""
_CHECKED_BLOCKS = 64
_FULL_CHECK_BYTES = 64 * 1024 * 1024
_KEY_LIMIT = 256
_VALUE_LIMIT = 1 << 20
_TABLES = """
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS blocks(
    hash BLOB PRIMARY KEY, height INTEGER NOT NULL, parent BLOB NOT NULL, work BLOB NOT NULL,
    header BLOB NOT NULL, body BLOB, undo BLOB);
CREATE INDEX IF NOT EXISTS blocks_height ON blocks(height);
CREATE TABLE IF NOT EXISTS canonical(height INTEGER PRIMARY KEY, hash BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS state(key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
"""


class DamagedError(StoreError):
    """The file is not a sound store."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A header and the work of the chain up to it."""

    header: Header
    work: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Advance:
    """One step of the chain to be made durable: ``removed`` blocks leave it, ``joined`` ones join it (oldest first,
    each with its undo), and the state changes by ``changes``."""

    removed: Sequence[bytes]
    joined: Sequence[tuple[Entry, Block, Changes]]
    changes: Changes


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA cache_size=-4096")
    return connection


def decode_undo(data: bytes) -> dict[bytes, bytes | None]:
    reader = Reader(data)
    changes: dict[bytes, bytes | None] = {}
    for _ in range(reader.u32()):
        key = reader.blob(_KEY_LIMIT)
        present = reader.u8()
        value = reader.blob(_VALUE_LIMIT)
        changes[key] = value if present else None
    reader.end()
    return changes


class BlockReader:
    """Read access to blocks; safe beside the writer."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def close(self) -> None:
        self._connection.close()

    def entry(self, block_hash: bytes) -> Entry | None:
        row = self._connection.execute("SELECT header, work FROM blocks WHERE hash=?", (block_hash,)).fetchone()
        return None if row is None else Entry(header=Header.decode(row[0]), work=int.from_bytes(row[1], "big"))

    def body(self, block_hash: bytes) -> Body | None:
        """Return the body; ``None`` for an unknown block and for genesis."""
        row = self._connection.execute("SELECT body FROM blocks WHERE hash=?", (block_hash,)).fetchone()
        return None if row is None or row[0] is None else Body.decode(_inflate(row[0]))

    def block(self, block_hash: bytes) -> Block | None:
        entry, body = self.entry(block_hash), self.body(block_hash)
        return None if entry is None or body is None else Block(header=entry.header, body=body)

    def canonical(self, height: int) -> bytes | None:
        """Hash of the block at ``height`` on the best chain."""
        row = self._connection.execute("SELECT hash FROM canonical WHERE height=?", (height,)).fetchone()
        return None if row is None else bytes(row[0])

    def headers(self, first: int, count: int) -> list[Header]:
        """Headers of the best chain from height ``first``."""
        rows = self._connection.execute(
            "SELECT b.header FROM canonical c JOIN blocks b ON b.hash=c.hash "
            "WHERE c.height>=? ORDER BY c.height LIMIT ?",
            (first, count),
        )
        return [Header.decode(row[0]) for row in rows]

    def head(self) -> Entry | None:
        row = self._connection.execute("SELECT hash FROM canonical ORDER BY height DESC LIMIT 1").fetchone()
        return None if row is None else self.entry(row[0])

    def alive(self) -> bool:
        """True if the file answers a query."""
        try:
            return self._connection.execute("SELECT 1 FROM meta LIMIT 1").fetchone() is not None
        except sqlite3.Error:
            return False


class Store(BlockReader):
    """The writer. Use from one thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            super().__init__(_connect(path))
            self._connection.executescript(_TABLES)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise StoreError(f"{path} cannot be used: {error}") from error
            raise DamagedError(f"{path} is damaged: {error}") from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def reader(self) -> BlockReader:
        """Open another connection, for another thread."""
        return BlockReader(_connect(self.path))

    def initialise(self, genesis: Header, state: State) -> None:
        """Write genesis into an empty file; refuse a file of another network. Raises StoreError."""
        row = self._connection.execute("SELECT value FROM meta WHERE key='genesis'").fetchone()
        if row is not None:
            if row[0] != genesis.hash:
                raise StoreError(f"{self.path} belongs to another network (genesis 0x{row[0].hex()})")
            return
        with self._transaction() as connection:
            connection.execute("INSERT INTO meta VALUES('schema', ?)", (SCHEMA.to_bytes(2, "big"),))
            connection.execute("INSERT INTO meta VALUES('genesis', ?)", (genesis.hash,))
            self._insert(connection, Entry(header=genesis, work=0), None, None)
            connection.execute("INSERT INTO canonical VALUES(0, ?)", (genesis.hash,))
            connection.executemany("INSERT INTO state VALUES(?, ?)", list(state.items(b"")))

    @staticmethod
    def _insert(connection: sqlite3.Connection, entry: Entry, body: Body | None, undo: Changes | None) -> None:
        header = entry.header
        encoded = None if body is None else zlib.compress(body.encode(), 1)
        packed_undo = None if undo is None else zlib.compress(encode_undo(undo), 1)
        connection.execute(
            "INSERT INTO blocks VALUES(?,?,?,?,?,?,?) ON CONFLICT(hash) DO UPDATE SET undo=excluded.undo",
            (
                header.hash,
                header.height,
                header.parent,
                entry.work.to_bytes(40, "big"),
                header.encode(),
                encoded,
                packed_undo,
            ),
        )

    def keep_aside(self, entry: Entry, block: Block) -> None:
        """Keep a block that is not on the best chain."""
        with self._transaction() as connection:
            self._insert(connection, entry, block.body, None)

    def commit(self, advance: Advance) -> None:
        """Make one step of the chain durable, whole or not at all."""
        with self._transaction() as connection:
            for block_hash in advance.removed:
                connection.execute("DELETE FROM canonical WHERE hash=?", (block_hash,))
                connection.execute("UPDATE blocks SET undo=NULL WHERE hash=?", (block_hash,))
            for entry, block, undo in advance.joined:
                self._insert(connection, entry, block.body, undo)
                connection.execute("INSERT INTO canonical VALUES(?, ?)", (entry.header.height, block.hash))
            for key, value in advance.changes.items():
                if value is None:
                    connection.execute("DELETE FROM state WHERE key=?", (key,))
                else:
                    connection.execute("INSERT OR REPLACE INTO state VALUES(?, ?)", (key, value))
            if advance.joined:
                old = advance.joined[-1][0].header.height - UNDO_BLOCKS
                connection.execute("UPDATE blocks SET undo=NULL WHERE height=?", (old,))
                connection.execute(
                    "DELETE FROM blocks WHERE height=? AND hash NOT IN (SELECT hash FROM canonical WHERE height=?)",
                    (old, old),
                )

    def undo(self, block_hash: bytes) -> Changes | None:
        """Return the changes that undo a block of the best chain; ``None`` where they have been dropped."""
        row = self._connection.execute("SELECT undo FROM blocks WHERE hash=?", (block_hash,)).fetchone()
        return None if row is None or row[0] is None else decode_undo(_inflate(row[0]))

    def load_state(self) -> State:
        rows = self._connection.execute("SELECT key, value FROM state")
        return State({bytes(key): bytes(value) for key, value in rows})

    def set_meta(self, key: str, value: bytes) -> None:
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (key, value))

    def meta(self, key: str) -> bytes | None:
        row = self._connection.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def checked_state(self) -> State:
        """Check the file and return the state at the head. Raises StoreError when it is damaged."""
        try:
            if self.path.stat().st_size <= _FULL_CHECK_BYTES:
                answer = self._connection.execute("PRAGMA quick_check(1)").fetchone()
                if answer != ("ok",):
                    raise DamagedError(f"{self.path} is damaged: {answer[0]}")
            self._check_last_blocks()
            state, head = self.load_state(), self.head()
        except (sqlite3.Error, EncodingError, zlib.error) as error:
            raise DamagedError(f"{self.path} is damaged: {error}") from error
        if head is None or head.header.state_root != state.root:
            raise DamagedError(f"{self.path} is damaged: the state is not the one that the head names")
        return state

    def _check_last_blocks(self) -> None:
        rows = self._connection.execute(
            "SELECT c.height, c.hash, b.header, b.body FROM canonical c LEFT JOIN blocks b ON b.hash=c.hash "
            "ORDER BY c.height DESC LIMIT ?",
            (_CHECKED_BLOCKS,),
        ).fetchall()
        for height, block_hash, encoded, body in rows:
            header = None if encoded is None else Header.decode(encoded)
            if header is None or header.hash != block_hash or header.height != height:
                raise DamagedError(f"{self.path} is damaged: block {height} is not what its name says")
            if body is not None and Body.decode(_inflate(body)).proof.hash != header.proof_hash:
                raise DamagedError(f"{self.path} is damaged: body of block {height}")


def _inflate(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    content = inflater.decompress(data, 2 * BODY_BYTES_LIMIT)
    if not inflater.eof:
        raise EncodingError("stored value is cut short or too large")
    return content


def quarantine(folder: Path) -> Path:
    """Move a damaged file (and its journals) out of the way; answers where to."""
    aside = folder / f"quarantine-{time.time_ns() // 1_000_000}"
    aside.mkdir()
    for suffix in ("", "-wal", "-shm"):
        part = folder / (FILE + suffix)
        if part.exists():
            part.replace(aside / part.name)
    return aside


def open_store(folder: Path, genesis: Header, state: State) -> tuple[Store, State, Path | None]:
    """Open the store in ``folder``. A damaged file is moved aside (the third value is its path) and replaced:
    the node resyncs. Raises StoreError when the folder cannot be used or belongs to another network."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made: {error}") from error
    try:
        store, stored = _open_checked(folder / FILE, genesis, state)
    except DamagedError:
        aside = quarantine(folder)
        store, stored = _open_checked(folder / FILE, genesis, state)
        return store, stored, aside
    return store, stored, None


def _open_checked(path: Path, genesis: Header, state: State) -> tuple[Store, State]:
    store = Store(path)
    try:
        store.initialise(genesis, state)
        return store, store.checked_state()
    except sqlite3.Error as error:
        store.close()
        raise DamagedError(f"{path} is damaged: {error}") from error
    except StoreError:
        store.close()
        raise
