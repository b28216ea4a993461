"""Connections of a node: listening, dialling bootnodes and discovered peers, bans, broadcasts."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol

from node.errors import PeerError
from node.keys import NodeKey
from node.logs import log
from node.settings import Endpoint, parse_endpoint
from node.wire.channel import handshake
from node.wire.frames import FrameType, Hello, decode_peers, encode_peers
from node.wire.peers import BAN_SCORE, Bans, Handler, Peer

DIAL_S = 5.0
_FIRST_RETRY_S = 0.25
_LAST_RETRY_S = 15.0
_HANDSHAKES_LIMIT = 64
_HEARD_LIMIT = 1024
_DISCOVER_S = 20.0
_FULL_PUSH_PEERS = 8


class Clock(Protocol):
    """Wait between dials; a test may pass one that returns at once."""

    async def sleep(self, seconds: float) -> None: ...


class WallClock:
    """The event loop's own."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def endpoint_text(endpoint: Endpoint) -> str:
    return f"{endpoint[0]}:{endpoint[1]}"


class Connections:
    """The set of peers. All methods belong to one event loop."""

    def __init__(
        self,
        *,
        key: NodeKey,
        hello: Callable[[], Hello],
        bootnodes: Sequence[Endpoint],
        limit: int,
        handle: Handler,
        on_connect: Callable[[Peer], Awaitable[None]],
    ) -> None:
        self._key = key
        self._hello = hello
        self._limit = limit
        self._handle = handle
        self._on_connect = on_connect
        self._clock: Clock = WallClock()
        self._peers: dict[bytes, Peer] = {}
        self._bans = Bans()
        self._targets: dict[Endpoint, bool] = dict.fromkeys(bootnodes, True)
        self._own: set[Endpoint] = set()
        self._shaking = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[bool]] = set()
        self._dialling: set[Endpoint] = set()
        self._group: asyncio.TaskGroup | None = None
        self.closing = False

    @property
    def peers(self) -> tuple[Peer, ...]:
        return tuple(self._peers.values())

    @property
    def limit(self) -> int:
        return self._limit

    @property
    def expects_peers(self) -> bool:
        """True if a bootnode other than this node is configured."""
        return any(pinned and endpoint not in self._own for endpoint, pinned in self._targets.items())

    async def listen(self, host: str, port: int) -> int:
        """Accept peers; answers the port. OSError when it is taken."""
        self._server = await asyncio.start_server(self._accepted, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    def connect(self, endpoint: Endpoint) -> None:
        """Dial an endpoint from now on as if it were a bootnode."""
        is_bootnode = self._targets.get(endpoint, False)
        self._targets[endpoint] = True
        if not is_bootnode and self._group is not None:
            self._group.create_task(self._keep_dialled(endpoint))

    async def run(self) -> None:
        """Keep dialling until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for endpoint in tuple(self._targets):
                group.create_task(self._keep_dialled(endpoint))
            group.create_task(self._discover(group))

    def stop(self) -> None:
        """Dial and accept no peer from now on. Call it before ``run`` is cancelled.

        A task group forgets its cancellation if a child fails at the same time, as a connection does that closes in the
        same moment. The dialling task would then continue, and the shutdown would never end.
        """
        self.closing = True

    async def close(self) -> None:
        """Stop listening, let every peer go."""
        self.stop()
        if self._server is not None:
            self._server.close()
        for peer in self.peers:
            peer.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def disconnect_all(self) -> None:
        """Close every connection; dialling continues."""
        for peer in self.peers:
            peer.close()

    def drop(self, peer: Peer, error: PeerError) -> None:
        """Let a peer go; ban it when the fault is grave."""
        if error.penalty >= BAN_SCORE:
            self._bans.ban(peer.id)
        if self._peers.get(peer.id) is peer:
            del self._peers[peer.id]
        peer.close()

    def broadcast(self, frame_type: FrameType, payload: bytes, item: bytes, *, except_for: Peer | None = None) -> None:
        """Send to every peer that does not have the item yet."""
        for peer in self.peers:
            if peer is not except_for and not peer.knows(item):
                peer.mark_known(item)
                peer.send(frame_type, payload)

    def broadcast_block(self, block: bytes, status: bytes, item: bytes, *, except_for: Peer | None = None) -> None:
        """Send the whole block to a few random peers, and the new status to all. In this order: a peer that has
        taken the block in needs not ask for it."""
        missing = [peer for peer in self.peers if peer is not except_for and not peer.knows(item)]
        random.shuffle(missing)
        for position, peer in enumerate(missing):
            if position < _FULL_PUSH_PEERS:
                peer.mark_known(item)
                peer.send(FrameType.BLOCK, block)
            peer.send(FrameType.STATUS, status)
        if except_for is not None:
            except_for.send(FrameType.STATUS, status)

    def endpoints(self) -> bytes:
        """Payload of PEERS: those that can be dialled."""
        return encode_peers([peer.hello.listens for peer in self.peers if peer.hello.listens])

    def heard_of(self, payload: bytes) -> None:
        """Remember endpoints that a peer named; they are dialled while there is room. Raises EncodingError."""
        for text in decode_peers(payload):
            try:
                endpoint = parse_endpoint(text)
            except ValueError:
                continue
            if endpoint not in self._targets and endpoint not in self._own and len(self._targets) < _HEARD_LIMIT:
                self._targets[endpoint] = False

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.closing or self._shaking >= _HANDSHAKES_LIMIT:
            writer.close()
            return
        name = writer.get_extra_info("peername")
        endpoint = endpoint_text(name[:2]) if name else ""
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer, endpoint=endpoint, outbound=False))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep_dialled(self, endpoint: Endpoint) -> None:
        wait = _FIRST_RETRY_S
        while endpoint not in self._own:
            if not self._is_connected(endpoint) and await self._dial(endpoint):
                wait = _FIRST_RETRY_S
            if self.closing:
                return
            await self._clock.sleep(wait * random.uniform(0.8, 1.2))  # noqa: S311 - spreads retries, guards nothing
            wait = min(wait * 1.6, _LAST_RETRY_S) if not self._is_connected(endpoint) else 1.0

    def _is_connected(self, endpoint: Endpoint) -> bool:
        text = endpoint_text(endpoint)
        return any(text in (peer.endpoint, peer.hello.listens) for peer in self.peers)

    async def _dial(self, endpoint: Endpoint) -> bool:
        """Connect and serve until the connection ends. Whether it was ever up."""
        if self.closing or endpoint in self._dialling:
            return False
        self._dialling.add(endpoint)
        try:
            async with asyncio.timeout(DIAL_S):
                reader, writer = await asyncio.open_connection(*endpoint)
        except (OSError, TimeoutError) as error:
            log(logging.DEBUG, "peer cannot be reached", endpoint=endpoint_text(endpoint), error=str(error))
            return False
        finally:
            self._dialling.discard(endpoint)
        return await self._serve(reader, writer, endpoint=endpoint_text(endpoint), outbound=True)

    async def _discover(self, group: asyncio.TaskGroup) -> None:
        while True:
            await self._clock.sleep(_DISCOVER_S)
            room = self._limit // 2 - len(self._peers)
            heard = [item for item, pinned in self._targets.items() if not pinned and not self._is_connected(item)]
            for endpoint in random.sample(heard, min(len(heard), max(0, room))):
                group.create_task(self._try_heard(endpoint))
            for peer in self.peers:
                peer.send(FrameType.GET_PEERS, b"")

    async def _try_heard(self, endpoint: Endpoint) -> None:
        if not await self._dial(endpoint):
            self._targets.pop(endpoint, None)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, endpoint: str, outbound: bool
    ) -> bool:
        self._shaking += 1
        try:
            introduction = await handshake(reader, writer, key=self._key, hello=self._hello(), initiator=outbound)
            peer = Peer(introduction, outbound=outbound, endpoint=endpoint)
            self._admit(peer)
        except PeerError as error:
            log(logging.DEBUG, "peer not let in", endpoint=endpoint, reason=str(error))
            writer.close()
            return False
        finally:
            self._shaking -= 1
        log(logging.INFO, "peer connected", peer=peer.name, endpoint=endpoint, outbound=outbound)
        try:
            await self._on_connect(peer)
            await peer.run(self._handle)
        except PeerError as error:
            if error.penalty >= BAN_SCORE:
                self._bans.ban(peer.id)
            level = logging.WARNING if error.penalty else logging.INFO
            log(level, "peer gone", peer=peer.name, reason=str(error), banned=error.penalty >= BAN_SCORE)
        finally:
            if self._peers.get(peer.id) is peer:
                del self._peers[peer.id]
        return True

    def _admit(self, peer: Peer) -> None:
        """Raises PeerError when the peer is this node, of another network, banned, one too many or here already."""
        hello = self._hello()
        if peer.id == self._key.public:
            self._own.add(parse_endpoint(peer.endpoint))
            raise PeerError("this is the node itself")
        if (peer.hello.network_id, peer.hello.genesis) != (hello.network_id, hello.genesis):
            raise PeerError("another network or genesis")
        if self._bans.holds(peer.id):
            raise PeerError("banned")
        existing = self._peers.get(peer.id)
        if existing is not None:
            if self._prefers(existing, peer):
                raise PeerError("connected already")
            existing.close()
        elif len(self._peers) >= self._limit:
            raise PeerError("no room for more peers")
        self._peers[peer.id] = peer

    def _prefers(self, existing: Peer, new: Peer) -> bool:
        """True if the new connection replaces the existing one: both sides keep the one dialled by the smaller key."""
        if existing.outbound == new.outbound:
            return not existing.outbound
        return existing.outbound == (self._key.public < existing.id)

    def best(self, peers: Iterable[Peer] | None = None) -> Peer | None:
        """Return the peer that claims the most work."""
        return max(self.peers if peers is None else peers, key=lambda peer: peer.status.work, default=None)
