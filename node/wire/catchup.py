"""Catching up with a chain that has more work: headers first, then bodies from several peers at once, in order in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from node.chain import Fate, Outcome
from node.errors import EncodingError, InvalidError, PeerError
from node.ledger.block import BODY_BYTES_LIMIT, Block, Body, Header
from node.ledger.transition import check_body
from node.logs import log
from node.wire.connections import Connections
from node.wire.frames import BODIES_LIMIT, FrameType, decode_blobs, decode_headers, encode_hashes
from node.wire.peers import Peer
from node.work.lottery import ticket

_CHUNK = 16
_AHEAD = 4

Locator = Callable[[], list[bytes]]
Importer = Callable[[Block, Peer | None], Awaitable[Outcome]]


def locator_heights(height: int) -> list[int]:
    """Heights that a locator names, newest first: the last ten, then ever wider apart, and genesis."""
    heights, step = [], 1
    while height > 0:
        heights.append(height)
        if len(heights) >= 10:
            step *= 2
        height -= step
    return [*heights, 0]


def require_linked(headers: Sequence[Header], locator: Sequence[bytes]) -> None:
    """Check that headers form a chain from a requested block, each with a winning ticket. Raises PeerError."""
    parent = headers[0].parent
    if parent not in locator:
        raise PeerError("headers do not follow the locator", penalty=50)
    for header in headers:
        candidate = header.candidate
        if header.parent != parent or ticket(candidate.hash, header.nonce, header.attempt) > header.target:
            raise PeerError("headers are not a chain", penalty=100)
        parent = header.hash


class CatchUp:
    """Follows the best peer. `wake` when something better may be out there."""

    def __init__(self, *, connections: Connections, locator: Locator, work: Callable[[], int], add: Importer) -> None:
        self._connections = connections
        self._locator = locator
        self._work = work
        self._add = add
        self._wanted = asyncio.Event()
        self.active = False

    def wake(self) -> None:
        self._wanted.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            while (peer := self._better()) is not None:
                self.active = True
                try:
                    await self._follow(peer)
                except PeerError as error:
                    log(logging.INFO, "catching up failed", peer=peer.name, reason=str(error))
                    self._connections.drop(peer, error)
                finally:
                    self.active = False

    def _better(self) -> Peer | None:
        best = self._connections.best()
        return best if best is not None and best.status.work > self._work() else None

    async def _follow(self, peer: Peer) -> None:
        """Import what the peer's best chain has that ours has not, one batch of headers after another."""
        locator = self._locator()
        while True:
            headers = await self._headers(peer, locator)
            if not headers:
                # Work was claimed that its headers do not bear out, unless our chain has meanwhile overtaken it.
                if peer.status.work > self._work():
                    raise PeerError("peer claims work that it does not show")
                return
            require_linked(headers, locator)
            await self._bodies(peer, headers)
            locator = [headers[-1].hash]
            if peer.status.head == headers[-1].hash or peer.status.work <= self._work():
                return

    @staticmethod
    async def _headers(peer: Peer, locator: list[bytes]) -> tuple[Header, ...]:
        answer = await peer.request(FrameType.GET_HEADERS, lambda number: encode_hashes(number, locator))
        try:
            return decode_headers(answer)[1]
        except EncodingError as error:
            raise PeerError(f"malformed headers: {error}", penalty=100) from error

    async def _bodies(self, peer: Peer, headers: Sequence[Header]) -> None:
        """Fetch bodies in chunks, a few chunks ahead of the import, spread over the peers that are as far."""
        chunks = [headers[start : start + _CHUNK] for start in range(0, len(headers), _CHUNK)]
        sources = [other for other in self._connections.peers if other.status.height >= headers[-1].height] or [peer]
        fetches: list[asyncio.Task[list[Body]]] = []
        try:
            for position, chunk in enumerate(chunks):
                while len(fetches) < min(len(chunks), position + _AHEAD):
                    source = sources[len(fetches) % len(sources)]
                    fetches.append(asyncio.create_task(self._fetch(source, peer, chunks[len(fetches)])))
                for header, body in zip(chunk, await fetches[position], strict=True):
                    await self._import(Block(header=header, body=body), peer)
        finally:
            for fetch in fetches:
                fetch.cancel()
            await asyncio.gather(*fetches, return_exceptions=True)

    async def _import(self, block: Block, peer: Peer) -> None:
        try:
            outcome = await self._add(block, peer)
        except InvalidError as error:
            raise PeerError(f"invalid block: {error}", penalty=100) from error
        if outcome.fate is Fate.ORPHAN:
            raise PeerError("headers do not connect", penalty=50)

    async def _fetch(self, source: Peer, fallback: Peer, chunk: Sequence[Header]) -> list[Body]:
        try:
            return await self._ask(source, chunk)
        except PeerError:
            if source is fallback:
                raise
        return await self._ask(fallback, chunk)

    async def _ask(self, source: Peer, chunk: Sequence[Header]) -> list[Body]:
        hashes = [header.hash for header in chunk]
        answer = await source.request(FrameType.GET_BODIES, lambda number: encode_hashes(number, hashes))
        try:
            _, blobs = decode_blobs(answer, BODIES_LIMIT, BODY_BYTES_LIMIT)
            if len(blobs) != len(chunk) or not all(blobs):
                raise PeerError("bodies are missing")
            bodies = [Body.decode(blob) for blob in blobs]
            for header, body in zip(chunk, bodies, strict=True):
                check_body(Block(header=header, body=body))
        except (EncodingError, InvalidError) as error:
            raise PeerError(f"bodies do not fit their headers: {error}", penalty=100) from error
        return bodies
