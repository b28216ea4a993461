"""The channel between two nodes: who is there is proven, what is said is encrypted.

Both sides send a fresh X25519 key in the clear. From the shared secret and the transcript come two ChaCha20-Poly1305
keys, one a direction, with counters as nonces. Inside, each side signs the transcript, its own part in it and its HELLO
with its node key (the SIGMA pattern), so a channel cannot be relayed, replayed or opened by a party between the nodes.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from node.encoding import Reader, Writer, digest
from node.errors import EncodingError, PeerError
from node.keys import PUBLIC_KEY_BYTES, SIGNATURE_BYTES, NodeKey, signature_is_valid
from node.wire.frames import HEADER_BYTES, PAYLOAD_LIMITS, FrameType, Hello, frame_header, parse_header

MAGIC = b"pouw\x01"
HANDSHAKE_S = 5.0
_EPHEMERAL_BYTES = 32
_KEY_BYTES = 32


class _Direction:
    """A key and the counter of frames that it has sealed or opened."""

    def __init__(self, key: bytes) -> None:
        self._cipher = ChaCha20Poly1305(key)
        self._count = 0

    def _nonce(self) -> bytes:
        nonce = self._count.to_bytes(12, "big")
        self._count += 1
        return nonce

    def seal(self, payload: bytes, header: bytes) -> bytes:
        return self._cipher.encrypt(self._nonce(), payload, header)

    def open(self, sealed: bytes, header: bytes) -> bytes:
        try:
            return self._cipher.decrypt(self._nonce(), sealed, header)
        except InvalidTag:
            raise PeerError("frame was altered on the way", penalty=100) from None


class Channel:
    """Frames over a stream. One task sends, one receives."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sending: bytes, receiving: bytes
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._sending = _Direction(sending)
        self._receiving = _Direction(receiving)

    async def send(self, frame_type: FrameType, payload: bytes) -> None:
        """Returns when the stream takes more: back-pressure reaches the sender. Raises PeerError."""
        header = frame_header(frame_type, len(payload))
        if self._writer.is_closing():
            raise PeerError("connection closed")
        self._writer.write(header + self._sending.seal(payload, header))
        try:
            await self._writer.drain()
        except OSError as error:
            raise PeerError(f"connection lost: {error}") from error

    async def receive(self) -> tuple[FrameType, bytes]:
        """Return the next frame. Raises PeerError when the peer has closed or broken the protocol."""
        try:
            header = await self._reader.readexactly(HEADER_BYTES)
            frame_type, size = parse_header(header)
            sealed = await self._reader.readexactly(size)
        except (asyncio.IncompleteReadError, OSError) as error:
            raise PeerError("connection closed") from error
        return frame_type, self._receiving.open(sealed, header)

    def close(self) -> None:
        self._writer.close()


@dataclass(frozen=True, kw_only=True)
class Introduction:
    """Result of a handshake: the channel, the peer's key and its HELLO."""

    channel: Channel
    public_key: bytes
    hello: Hello


async def handshake(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, key: NodeKey, hello: Hello, initiator: bool
) -> Introduction:
    """Agree on keys, prove both identities, exchange HELLO. Raises PeerError; the caller closes the stream."""
    try:
        async with asyncio.timeout(HANDSHAKE_S):
            return await _handshake(reader, writer, key, hello, initiator=initiator)
    except TimeoutError:
        raise PeerError("handshake took too long") from None
    except (asyncio.IncompleteReadError, OSError, RuntimeError) as error:
        # RuntimeError is uvloop's word for writing to what the other side has reset.
        raise PeerError(f"connection closed in the handshake: {error}") from error
    except EncodingError as error:
        raise PeerError(f"malformed handshake: {error}", penalty=100) from error


async def _handshake(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: NodeKey, hello: Hello, *, initiator: bool
) -> Introduction:
    ephemeral = X25519PrivateKey.generate()
    local_part = MAGIC + ephemeral.public_key().public_bytes_raw()
    writer.write(local_part)
    await writer.drain()
    remote_part = await reader.readexactly(len(MAGIC) + _EPHEMERAL_BYTES)
    if not remote_part.startswith(MAGIC):
        raise PeerError("not a pouw node, or another protocol version")
    transcript = digest("handshake", *((local_part, remote_part) if initiator else (remote_part, local_part)))
    try:
        shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(remote_part[len(MAGIC) :]))
    except ValueError as error:
        raise PeerError("peer sent a weak key", penalty=100) from error
    keys = HKDF(algorithm=SHA256(), length=2 * _KEY_BYTES, salt=transcript, info=b"pouw channel").derive(shared)
    first, second = keys[:_KEY_BYTES], keys[_KEY_BYTES:]
    channel = Channel(reader, writer, *((first, second) if initiator else (second, first)))
    body = hello.encode()
    signature = key.sign(_signed(transcript, initiator, key.public, body))
    await channel.send(
        FrameType.HELLO,
        Writer().fixed(key.public, PUBLIC_KEY_BYTES).blob(body).fixed(signature, SIGNATURE_BYTES).finish(),
    )
    frame_type, payload = await channel.receive()
    if frame_type is not FrameType.HELLO:
        raise PeerError("expected HELLO", penalty=100)
    parts = Reader(payload)
    public_key, body = parts.take(PUBLIC_KEY_BYTES), parts.blob(PAYLOAD_LIMITS[FrameType.HELLO])
    signature = parts.take(SIGNATURE_BYTES)
    parts.end()
    if not signature_is_valid(public_key, signature, _signed(transcript, not initiator, public_key, body)):
        raise PeerError("peer does not hold the key it names", penalty=100)
    return Introduction(channel=channel, public_key=public_key, hello=Hello.decode(body))


def _signed(transcript: bytes, initiator: bool, public_key: bytes, body: bytes) -> bytes:
    return digest("handshake-identity", transcript, bytes([initiator]), public_key, body)
