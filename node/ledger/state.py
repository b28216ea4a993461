"""The state: a map of byte keys to byte values with a Merkle root that follows each change.

Keys fall into 256 buckets by their hash; a bucket's leaf hashes its sorted keys and values; a binary tree of depth
eight joins the leaves. A proof is one bucket's entries and eight siblings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from node.encoding import Writer, digest

_DEPTH = 8
_BUCKETS = 1 << _DEPTH
Changes = Mapping[bytes, bytes | None]
"""New value of each changed key; None deletes."""


class Values(Protocol):
    """Read access to a state."""

    def get(self, key: bytes) -> bytes | None: ...


class Overlay:
    """Changes on top of a state that stays as it is."""

    def __init__(self, base: Values) -> None:
        self._base = base
        self.changes: dict[bytes, bytes | None] = {}

    def get(self, key: bytes) -> bytes | None:
        return self.changes[key] if key in self.changes else self._base.get(key)

    def store(self, key: bytes, value: bytes | None) -> None:
        self.changes[key] = value

    def effective(self) -> dict[bytes, bytes | None]:
        """Return the changes that differ from the state below."""
        return {key: value for key, value in self.changes.items() if value != self._base.get(key)}


@dataclass(frozen=True, kw_only=True)
class StateProof:
    """Proof that ``entries`` (key, value hash) are all entries of one bucket under a root."""

    bucket: int
    entries: tuple[tuple[bytes, bytes], ...]
    siblings: tuple[bytes, ...]

    def root(self) -> bytes:
        node, index = _leaf(self.entries), self.bucket
        for sibling in self.siblings:
            node = _join(sibling, node) if index & 1 else _join(node, sibling)
            index >>= 1
        return node

    def proves(self, key: bytes, value: bytes) -> bool:
        """True if the entries hold this value; the caller compares `root` with a header's."""
        return len(self.siblings) == _DEPTH and self.bucket == _bucket(key) and (key, _value(value)) in self.entries


def _bucket(key: bytes) -> int:
    return digest("state-key", key)[0]


def _value(value: bytes) -> bytes:
    return digest("state-value", value)


def _join(first: bytes, second: bytes) -> bytes:
    return digest("state-node", first, second)


def _leaf(entries: tuple[tuple[bytes, bytes], ...]) -> bytes:
    writer = Writer()
    for key, value in entries:
        writer.blob(key).hash(value)
    return digest("state-leaf", writer.finish())


class State:
    """All values in memory, with the tree over them."""

    def __init__(self, values: Mapping[bytes, bytes] | None = None) -> None:
        self._values: dict[bytes, bytes] = {}
        self._buckets: list[dict[bytes, bytes]] = [{} for _ in range(_BUCKETS)]
        empty = _leaf(())
        self._nodes = [empty] * (2 * _BUCKETS)
        for index in range(_BUCKETS - 1, 0, -1):
            self._nodes[index] = _join(self._nodes[2 * index], self._nodes[2 * index + 1])
        self.apply(values or {})

    def get(self, key: bytes) -> bytes | None:
        return self._values.get(key)

    def items(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Entries whose key starts with ``prefix``; a copy, safe against changes."""
        return iter([(key, value) for key, value in list(self._values.items()) if key.startswith(prefix)])

    @property
    def root(self) -> bytes:
        return self._nodes[1]

    def apply(self, changes: Changes) -> dict[bytes, bytes | None]:
        """Apply the changes; the answer undoes them."""
        undo: dict[bytes, bytes | None] = {}
        dirty: set[int] = set()
        for key, value in changes.items():
            bucket = _bucket(key)
            undo[key] = self._values.get(key)
            dirty.add(bucket)
            if value is None:
                self._values.pop(key, None)
                self._buckets[bucket].pop(key, None)
            else:
                self._values[key] = value
                self._buckets[bucket][key] = _value(value)
        self._rehash(dirty)
        return undo

    def _rehash(self, dirty: set[int]) -> None:
        for bucket in dirty:
            self._nodes[_BUCKETS + bucket] = _leaf(tuple(sorted(self._buckets[bucket].items())))
        level = {(_BUCKETS + bucket) >> 1 for bucket in dirty}
        while level and 0 not in level:
            for index in level:
                self._nodes[index] = _join(self._nodes[2 * index], self._nodes[2 * index + 1])
            level = {index >> 1 for index in level}

    def prove(self, key: bytes) -> StateProof:
        """Proof of the bucket that holds ``key``, present or not."""
        bucket = _bucket(key)
        siblings, index = [], _BUCKETS + bucket
        while index > 1:
            siblings.append(self._nodes[index ^ 1])
            index >>= 1
        return StateProof(bucket=bucket, entries=tuple(sorted(self._buckets[bucket].items())), siblings=tuple(siblings))


def encode_undo(undo: Changes) -> bytes:
    writer = Writer().u32(len(undo))
    for key, value in undo.items():
        writer.blob(key).u8(value is not None).blob(value or b"")
    return writer.finish()
