"""Frames: five bytes of header (payload length, type) and a payload whose size is bounded by its type."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from node.encoding import Reader, Writer
from node.errors import EncodingError, PeerError
from node.ledger.block import BODY_BYTES_LIMIT, HEADER_BYTES_LIMIT, Header
from node.ledger.transaction import TRANSACTION_BYTES_LIMIT
from node.work.iteration import CONTRIBUTION_BYTES_LIMIT

HEADER_BYTES = 5
TAG_BYTES = 16
HEADERS_LIMIT = 256
BODIES_LIMIT = 32
LOCATOR_LIMIT = 64
PEERS_LIMIT = 64
_TEXT_LIMIT = 256


class FrameType(IntEnum):
    """Type of a payload."""

    HELLO = 1
    STATUS = 2
    GET_HEADERS = 3
    HEADERS = 4
    GET_BODIES = 5
    BODIES = 6
    BLOCK = 7
    TRANSACTION = 8
    CONTRIBUTION = 9
    GET_PEERS = 10
    PEERS = 11
    PING = 12
    PONG = 13


PAYLOAD_LIMITS = {
    FrameType.HELLO: 2048,
    FrameType.STATUS: 256,
    FrameType.GET_HEADERS: 64 + 32 * LOCATOR_LIMIT,
    FrameType.HEADERS: 64 + HEADERS_LIMIT * (HEADER_BYTES_LIMIT + 4),
    FrameType.GET_BODIES: 64 + 36 * BODIES_LIMIT,
    FrameType.BODIES: 2 * BODY_BYTES_LIMIT,
    FrameType.BLOCK: BODY_BYTES_LIMIT + HEADER_BYTES_LIMIT + 64,
    FrameType.TRANSACTION: TRANSACTION_BYTES_LIMIT,
    FrameType.CONTRIBUTION: CONTRIBUTION_BYTES_LIMIT,
    FrameType.GET_PEERS: 16,
    FrameType.PEERS: 64 + PEERS_LIMIT * (_TEXT_LIMIT + 8),
    FrameType.PING: 16,
    FrameType.PONG: 16,
}
"""Largest payload of each type, in bytes, before encryption."""


def frame_header(frame_type: FrameType, payload: int) -> bytes:
    """Raises PeerError when the payload is over its limit: such a frame is never sent."""
    if payload > PAYLOAD_LIMITS[frame_type]:
        raise PeerError(f"{frame_type.name} of {payload} bytes is over its limit")
    return Writer().u32(payload + TAG_BYTES).u8(frame_type).finish()


def parse_header(data: bytes) -> tuple[FrameType, int]:
    """Type and size of the encrypted payload that follows. Raises PeerError before anything is read or allocated."""
    reader = Reader(data)
    size, number = reader.u32(), reader.u8()
    try:
        frame_type = FrameType(number)
    except ValueError:
        raise PeerError(f"unknown frame type {number}", penalty=100) from None
    if not TAG_BYTES <= size <= PAYLOAD_LIMITS[frame_type] + TAG_BYTES:
        raise PeerError(f"{frame_type.name} of {size} bytes is over its limit", penalty=100)
    return frame_type, size


@dataclass(frozen=True, kw_only=True)
class Hello:
    """Identity of a peer and the head of its chain. ``listens`` is ``host:port``, empty if it cannot be dialled."""

    network_id: int
    genesis: bytes
    height: int
    head: bytes
    work: int
    role: str
    name: str
    version: str
    listens: str

    def encode(self) -> bytes:
        writer = Writer().u32(self.network_id).hash(self.genesis).u64(self.height).hash(self.head)
        writer.uint(self.work, 40).text(self.role).text(self.name).text(self.version).text(self.listens)
        return writer.finish()

    @staticmethod
    def decode(data: bytes) -> Hello:
        reader = Reader(data)
        hello = Hello(
            network_id=reader.u32(),
            genesis=reader.hash(),
            height=reader.u64(),
            head=reader.hash(),
            work=reader.uint(40),
            role=reader.text(_TEXT_LIMIT),
            name=reader.text(_TEXT_LIMIT),
            version=reader.text(_TEXT_LIMIT),
            listens=reader.text(_TEXT_LIMIT),
        )
        reader.end()
        return hello


@dataclass(frozen=True, kw_only=True)
class Status:
    """Present head of a peer's chain."""

    height: int
    head: bytes
    work: int

    def encode(self) -> bytes:
        return Writer().u64(self.height).hash(self.head).uint(self.work, 40).finish()

    @staticmethod
    def decode(data: bytes) -> Status:
        reader = Reader(data)
        status = Status(height=reader.u64(), head=reader.hash(), work=reader.uint(40))
        reader.end()
        return status


def encode_hashes(request: int, hashes: list[bytes]) -> bytes:
    """Payload of GET_HEADERS (a locator, newest first) and GET_BODIES."""
    writer = Writer().u32(request).u32(len(hashes))
    for item in hashes:
        writer.hash(item)
    return writer.finish()


def decode_hashes(data: bytes, limit: int) -> tuple[int, list[bytes]]:
    reader = Reader(data)
    request, count = reader.u32(), reader.u32()
    if count > limit:
        raise EncodingError(f"{count} hashes are over the limit of {limit}")
    hashes = [reader.hash() for _ in range(count)]
    reader.end()
    return request, hashes


def encode_blobs(request: int, blobs: list[bytes]) -> bytes:
    """Payload of HEADERS and BODIES; a body that is not there is empty."""
    return Writer().u32(request).items(blobs, bytes).finish()


def decode_blobs(data: bytes, limit: int, item_limit: int) -> tuple[int, tuple[bytes, ...]]:
    reader = Reader(data)
    request = reader.u32()
    blobs = reader.items(limit, item_limit, bytes)
    reader.end()
    return request, blobs


def decode_headers(data: bytes) -> tuple[int, tuple[Header, ...]]:
    request, blobs = decode_blobs(data, HEADERS_LIMIT, HEADER_BYTES_LIMIT)
    return request, tuple(Header.decode(blob) for blob in blobs)


def encode_peers(endpoints: list[str]) -> bytes:
    return Writer().items(endpoints[:PEERS_LIMIT], str.encode).finish()


def decode_peers(data: bytes) -> tuple[str, ...]:
    reader = Reader(data)
    try:
        endpoints = reader.items(PEERS_LIMIT, _TEXT_LIMIT, bytes.decode)
    except UnicodeDecodeError:
        raise EncodingError("an endpoint is not text") from None
    reader.end()
    return endpoints
