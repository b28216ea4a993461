"""Canonical binary encoding of everything that is hashed, signed, stored and sent.

Unsigned integers are big-endian of fixed width; byte strings and lists carry a ``u32`` length; integer arrays are
``u32`` count and one zigzag LEB128 number each, in the shortest form. A decoder accepts exactly what the encoder
writes: no trailing bytes, no long forms.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Self, TypeVar

import numpy as np
import numpy.typing as npt

from node.errors import EncodingError

Integers = npt.NDArray[np.int64]
Item = TypeVar("Item")

DIGEST_BYTES = 32
_VARINT_BYTES = 10


def digest(domain: str, *parts: bytes) -> bytes:
    """SHA-256 under a domain, so that a hash of one kind of thing is never a hash of another."""
    tag = hashlib.sha256(b"pouw:" + domain.encode()).digest()
    state = hashlib.sha256(tag + tag)
    for part in parts:
        state.update(part)
    return state.digest()


def encode_integers(values: Integers) -> bytes:
    """Zigzag LEB128 of each value (no count)."""
    remainder = ((values << 1) ^ (values >> 63)).astype(np.uint64)
    columns = np.zeros((values.size, _VARINT_BYTES), dtype=np.uint8)
    used = np.zeros((values.size, _VARINT_BYTES), dtype=bool)
    alive = np.ones(values.size, dtype=bool)
    for column in range(_VARINT_BYTES):
        used[:, column] = alive
        low = (remainder & np.uint64(0x7F)).astype(np.uint8)
        remainder >>= np.uint64(7)
        continued = remainder > 0
        columns[:, column] = np.where(continued, low | 0x80, low)
        alive = alive & continued
        if not alive.any():
            break
    return columns[used].tobytes()


def decode_integers(data: bytes, count: int) -> Integers:
    """Inverse of `encode_integers`; ``data`` must hold exactly ``count`` values in shortest form."""
    raw = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(raw < 0x80)
    if ends.size != count or (count and ends[-1] != raw.size - 1) or (not count and raw.size):
        raise EncodingError("integer array does not hold the stated number of values")
    starts = np.concatenate([np.zeros(1, dtype=np.int64), ends[:-1] + 1]) if count else ends
    lengths = ends - starts + 1
    if count and (lengths.max() > _VARINT_BYTES or bool(((raw[ends] == 0) & (lengths > 1)).any())):
        raise EncodingError("integer is not in its shortest form")
    full = ends[lengths == _VARINT_BYTES] if count else ends
    if full.size and bool((raw[full] > 1).any()):
        raise EncodingError("integer does not fit 64 bits")
    value = np.zeros(count, dtype=np.uint64)
    for position in range(int(lengths.max()) if count else 0):
        present = lengths > position
        value[present] |= (raw[starts[present] + position] & np.uint8(0x7F)).astype(np.uint64) << np.uint64(
            7 * position
        )
    signed = (value >> np.uint64(1)).astype(np.int64)
    return np.where((value & np.uint64(1)).astype(bool), ~signed, signed)


def within(values: Integers, limit: int) -> bool:
    """True if every value is strictly between -limit and limit."""
    return not values.size or (int(values.max()) < limit and int(values.min()) > -limit)


class Writer:
    """Appends fields; `done` is the encoding."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def uint(self, value: int, width: int) -> Self:
        """``width`` bytes, big-endian."""
        try:
            self._parts.append(value.to_bytes(width, "big"))
        except OverflowError:
            raise EncodingError(f"{value} does not fit {width} unsigned bytes") from None
        return self

    def u8(self, value: int) -> Self:
        return self.uint(value, 1)

    def u16(self, value: int) -> Self:
        return self.uint(value, 2)

    def u32(self, value: int) -> Self:
        return self.uint(value, 4)

    def u64(self, value: int) -> Self:
        return self.uint(value, 8)

    def u256(self, value: int) -> Self:
        return self.uint(value, 32)

    def fixed(self, value: bytes, size: int) -> Self:
        """Exactly ``size`` bytes, without a length."""
        if len(value) != size:
            raise EncodingError(f"field has {len(value)} bytes, not {size}")
        self._parts.append(value)
        return self

    def hash(self, value: bytes) -> Self:
        return self.fixed(value, DIGEST_BYTES)

    def blob(self, value: bytes) -> Self:
        """Bytes with their length."""
        self.u32(len(value))
        self._parts.append(value)
        return self

    def text(self, value: str) -> Self:
        return self.blob(value.encode())

    def integers(self, values: Integers) -> Self:
        """Count, byte length, values."""
        self.u32(values.size)
        return self.blob(encode_integers(values))

    def items(self, values: Sequence[Item], encode: Callable[[Item], bytes]) -> Self:
        """Append a list: its count, then each item as a blob."""
        self.u32(len(values))
        for value in values:
            self.blob(encode(value))
        return self

    def finish(self) -> bytes:
        return b"".join(self._parts)


class Reader:
    """Takes fields off bytes; every limit is checked before anything is allocated."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._data):
            raise EncodingError(f"{size} bytes wanted, {len(self._data) - self._at} left")
        part = self._data[self._at : end]
        self._at = end
        return part

    def uint(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")

    def u8(self) -> int:
        return self.uint(1)

    def u16(self) -> int:
        return self.uint(2)

    def u32(self) -> int:
        return self.uint(4)

    def u64(self) -> int:
        return self.uint(8)

    def u256(self) -> int:
        return self.uint(32)

    def hash(self) -> bytes:
        return self.take(DIGEST_BYTES)

    def blob(self, limit: int) -> bytes:
        size = self.u32()
        if size > limit:
            raise EncodingError(f"field of {size} bytes is over its limit of {limit}")
        return self.take(size)

    def text(self, limit: int) -> str:
        try:
            return self.blob(limit).decode()
        except UnicodeDecodeError:
            raise EncodingError("text is not UTF-8") from None

    def integers(self, limit: int) -> Integers:
        count = self.u32()
        if count > limit:
            raise EncodingError(f"array of {count} values is over its limit of {limit}")
        return decode_integers(self.blob(count * _VARINT_BYTES), count)

    def items(self, limit: int, item_limit: int, decode: Callable[[bytes], Item]) -> tuple[Item, ...]:
        count = self.u32()
        if count > limit:
            raise EncodingError(f"list of {count} items is over its limit of {limit}")
        return tuple(decode(self.blob(item_limit)) for _ in range(count))

    def end(self) -> None:
        if self._at != len(self._data):
            raise EncodingError(f"{len(self._data) - self._at} bytes too many")
