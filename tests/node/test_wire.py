"""Frames, the channel and what peers may do to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.encoding import Writer
from node.errors import EncodingError, InvalidError, PeerError
from node.wire.catchup import locator_heights
from node.wire.channel import MAGIC, Introduction, handshake
from node.wire.frames import (
    PAYLOAD_LIMITS,
    FrameType,
    Hello,
    Status,
    decode_blobs,
    decode_hashes,
    decode_headers,
    decode_peers,
    encode_hashes,
    encode_peers,
    frame_header,
    parse_header,
)
from node.wire.peers import Bans, Peer
from tests.node.lab import key

HELLO = Hello(
    network_id=1337,
    genesis=b"g" * 32,
    height=3,
    head=b"h" * 32,
    work=99,
    role="miner",
    name="n",
    version="0",
    listens="127.0.0.1:1",
)
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@given(st.binary(min_size=5, max_size=5))
def test_a_frame_header_is_understood_or_refused_before_anything_is_read(data: bytes) -> None:
    try:
        frame_type, size = parse_header(data)
    except PeerError:
        return
    assert size <= PAYLOAD_LIMITS[frame_type] + 16


@pytest.mark.parametrize("frame_type", list(FrameType))
def test_every_type_has_a_limit_and_refuses_more(frame_type: FrameType) -> None:
    limit = PAYLOAD_LIMITS[frame_type]
    assert parse_header(frame_header(frame_type, limit)) == (frame_type, limit + 16)
    with pytest.raises(PeerError, match="over its limit"):
        frame_header(frame_type, limit + 1)
    with pytest.raises(PeerError, match="over its limit"):
        parse_header(Writer().u32(limit + 17).u8(frame_type).finish())


@given(st.binary(max_size=400))
def test_malformed_payloads_are_refused_with_the_one_error(data: bytes) -> None:
    for decode in (
        Hello.decode,
        Status.decode,
        decode_headers,
        decode_peers,
        lambda raw: decode_hashes(raw, 64),
        lambda raw: decode_blobs(raw, 32, 1000),
    ):
        try:
            decode(data)
        except EncodingError:
            continue


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=64), st.integers(0, 2**32 - 1))
def test_hashes_come_back(hashes: list[bytes], request_number: int) -> None:
    assert decode_hashes(encode_hashes(request_number, hashes), 64) == (request_number, hashes)


@given(st.integers(0, 10**9))
def test_a_locator_is_short_and_reaches_genesis(height: int) -> None:
    heights = locator_heights(height)
    assert heights[-1] == 0
    assert len(heights) < 64
    assert heights == sorted(set(heights), reverse=True)


@asynccontextmanager
async def _pair() -> AsyncIterator[tuple[Streams, Streams]]:
    accepted: asyncio.Queue[Streams] = asyncio.Queue()
    server = await asyncio.start_server(lambda reader, writer: accepted.put_nowait((reader, writer)), "127.0.0.1", 0)
    local = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    remote = await accepted.get()
    try:
        yield local, remote
    finally:
        for _, writer in (local, remote):
            writer.close()
        server.close()


async def _introduce(local: Streams, remote: Streams) -> tuple[Introduction, Introduction]:
    return await asyncio.gather(
        handshake(*local, key=key(1), hello=HELLO, initiator=True),
        handshake(*remote, key=key(2), hello=replace(HELLO, name="m"), initiator=False),
    )


async def test_both_sides_learn_whose_key_is_at_the_other_end() -> None:
    async with _pair() as (local, remote):
        channel_end, peer_end = await _introduce(local, remote)
        assert (channel_end.public_key, peer_end.public_key) == (key(2).public, key(1).public)
        assert (channel_end.hello.name, peer_end.hello.name) == ("m", "n")


async def test_frames_cross_in_order_and_are_not_readable_on_the_way() -> None:
    async with _pair() as (local, remote):
        channel_end, peer_end = await _introduce(local, remote)
        await channel_end.channel.send(FrameType.TRANSACTION, b"secret one")
        await channel_end.channel.send(FrameType.PING, b"two")
        assert await peer_end.channel.receive() == (FrameType.TRANSACTION, b"secret one")
        assert await peer_end.channel.receive() == (FrameType.PING, b"two")


async def test_a_frame_changed_on_the_way_is_refused() -> None:
    async with _pair() as (local, remote):
        _, peer_end = await _introduce(local, remote)
        local[1].write(frame_header(FrameType.PING, 3) + b"x" * 19)
        with pytest.raises(PeerError, match="altered"):
            await peer_end.channel.receive()


async def test_a_frame_relabelled_as_another_type_is_refused() -> None:
    async with _pair() as (local, remote), _pair() as (relay_in, relay_out):
        channel_end, peer_end = await asyncio.gather(
            handshake(local[0], relay_in[1], key=key(1), hello=HELLO, initiator=True),
            _relayed(remote, relay_out, local),
        )
        await channel_end.channel.send(FrameType.PING, b"abc")
        raw = bytearray(await relay_out[0].readexactly(5 + 19))
        raw[4] = FrameType.PONG
        local[1].write(bytes(raw))
        with pytest.raises(PeerError, match="altered"):
            await peer_end.channel.receive()


async def _relayed(remote: Streams, relay_out: Streams, local: Streams) -> Introduction:
    """Pass the initiator's handshake on byte by byte: a fixed part, then one frame."""

    async def forward() -> None:
        local[1].write(await relay_out[0].readexactly(len(MAGIC) + 32))
        header = await relay_out[0].readexactly(5)
        local[1].write(header + await relay_out[0].readexactly(int.from_bytes(header[:4], "big")))

    answer, _ = await asyncio.gather(handshake(*remote, key=key(2), hello=HELLO, initiator=False), forward())
    return answer


async def test_a_peer_that_is_no_node_is_refused() -> None:
    async with _pair() as (local, remote):
        local[1].write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n" + b" " * 64)
        with pytest.raises(PeerError, match="not a pouw node"):
            await handshake(*remote, key=key(2), hello=HELLO, initiator=False)


async def test_an_echo_of_our_own_handshake_proves_nothing() -> None:
    """Refuse a peer that returns every byte returns our own signature, which is not valid for its part."""
    async with _pair() as (local, remote):

        async def mirror() -> None:
            while data := await remote[0].read(4096):
                remote[1].write(data)

        echo = asyncio.create_task(mirror())
        with pytest.raises(PeerError):
            await handshake(*local, key=key(1), hello=HELLO, initiator=True)
        echo.cancel()


async def _peer(streams: Streams) -> Peer:
    introduction = await handshake(*streams, key=key(2), hello=HELLO, initiator=False)
    return Peer(introduction, outbound=False, endpoint="")


async def test_malformed_frames_end_in_a_ban() -> None:
    async def decode(_: Peer, __: FrameType, payload: bytes) -> None:
        Status.decode(payload)

    async with _pair() as (local, remote):
        channel_end, peer = await asyncio.gather(
            handshake(*local, key=key(1), hello=HELLO, initiator=True), _peer(remote)
        )
        await channel_end.channel.send(FrameType.STATUS, b"short")
        with pytest.raises(PeerError, match="malformed STATUS") as error_info:
            await peer.run(decode)
        assert error_info.value.penalty >= 100


async def test_three_invalid_things_end_in_a_ban() -> None:
    async def refuse(*_: object) -> None:
        raise InvalidError("map", "invented")

    async with _pair() as (local, remote):
        channel_end, peer = await asyncio.gather(
            handshake(*local, key=key(1), hello=HELLO, initiator=True), _peer(remote)
        )
        for _ in range(3):
            await channel_end.channel.send(FrameType.BLOCK, b"")
        with pytest.raises(PeerError, match="invented"):
            await peer.run(refuse)


async def test_a_flood_is_cut_off() -> None:
    async def ignore(*_: object) -> None:
        return

    async with _pair() as (local, remote):
        channel_end, peer = await asyncio.gather(
            handshake(*local, key=key(1), hello=HELLO, initiator=True), _peer(remote)
        )

        async def flood() -> None:
            for _ in range(10_000):
                await channel_end.channel.send(FrameType.PING, b"12345678")

        sender = asyncio.create_task(flood())
        with pytest.raises(PeerError, match="too many frames"):
            await peer.run(ignore)
        sender.cancel()
        await asyncio.gather(sender, return_exceptions=True)


async def test_a_peer_that_goes_while_it_is_sent_to_ends_in_one_fault_of_its_own() -> None:
    async def ignore(*_: object) -> None:
        return

    async with _pair() as (local, remote):
        _, peer = await asyncio.gather(handshake(*local, key=key(1), hello=HELLO, initiator=True), _peer(remote))
        peer.send(FrameType.PING, b"on its way")
        peer.close()
        with pytest.raises(PeerError, match="connection closed") as error_info:
            await peer.run(ignore)
        assert type(error_info.value) is PeerError


async def test_a_fault_of_our_own_is_not_taken_for_the_peers() -> None:
    async def failing_handler(*_: object) -> None:
        raise ZeroDivisionError

    async with _pair() as (local, remote):
        channel_end, peer = await asyncio.gather(
            handshake(*local, key=key(1), hello=HELLO, initiator=True), _peer(remote)
        )
        await channel_end.channel.send(FrameType.PING, b"")
        with pytest.raises(BaseExceptionGroup) as error_info:
            await peer.run(failing_handler)
        assert error_info.group_contains(ZeroDivisionError)


async def test_a_slow_peer_loses_gossip_and_costs_no_memory() -> None:
    async with _pair() as (local, remote):
        _, peer = await asyncio.gather(handshake(*local, key=key(1), hello=HELLO, initiator=True), _peer(remote))
        accepted_sends = [peer.send(FrameType.PING, b"") for _ in range(1000)]
        assert not all(accepted_sends)
        assert sum(accepted_sends) <= 256


def test_a_ban_holds() -> None:
    bans = Bans()
    bans.ban(b"k")
    assert bans.holds(b"k")
    assert not bans.holds(b"other")


def test_peers_payload_is_bounded() -> None:
    many = [f"host-{number}:30303" for number in range(500)]
    assert len(decode_peers(encode_peers(many))) == 64
