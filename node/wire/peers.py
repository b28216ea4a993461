"""Peers: one object per connection, with a bounded queue out, a budget in, and a score that ends in a ban."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from node.encoding import Writer
from node.errors import EncodingError, InvalidError, PeerError
from node.wire.channel import Introduction
from node.wire.frames import FrameType, Status

BAN_SCORE = 100
BAN_S = 600.0
PING_S = 15.0
SILENCE_S = 60.0
REQUEST_S = 15.0
_QUEUE_FRAMES = 256
_KNOWN_LIMIT = 4096
_FRAMES_PER_S = 400.0
_BURST_FRAMES = 2000.0
_BANNED_LIMIT = 1024
INVALID_PENALTY = 34

Handler = Callable[["Peer", FrameType, bytes], Awaitable[None]]


class Peer:
    """A connected node. `run` serves it until it goes; everything else is called from the same event loop."""

    def __init__(self, introduction: Introduction, *, outbound: bool, endpoint: str) -> None:
        hello = introduction.hello
        self.id = introduction.public_key
        self.hello = hello
        self.outbound = outbound
        self.endpoint = endpoint
        self.status = Status(height=hello.height, head=hello.head, work=hello.work)
        self.since = time.monotonic()
        self.score = 0
        self._channel = introduction.channel
        self._queue: asyncio.Queue[tuple[FrameType, bytes]] = asyncio.Queue(_QUEUE_FRAMES)
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._answers: dict[int, asyncio.Future[bytes]] = {}
        self._requests = 0
        self._budget = _BURST_FRAMES
        self._heard = self._budgeted = time.monotonic()

    @property
    def name(self) -> str:
        return self.hello.name or self.id.hex()[:12]

    def knows(self, item: bytes) -> bool:
        return item in self._known

    def mark_known(self, item: bytes) -> None:
        """Record that the peer has this block, transaction or message, so that it is not sent there again."""
        self._known[item] = None
        if len(self._known) > _KNOWN_LIMIT:
            self._known.popitem(last=False)

    def send(self, frame_type: FrameType, payload: bytes) -> bool:
        """Queue a frame; False when the peer is too slow to take it. Gossip is then lost, never memory."""
        try:
            self._queue.put_nowait((frame_type, payload))
        except asyncio.QueueFull:
            return False
        return True

    async def request(self, frame_type: FrameType, encode: Callable[[int], bytes]) -> bytes:
        """Ask and wait for the answer with the same number. Raises PeerError after `REQUEST_S`."""
        self._requests += 1
        number = self._requests
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            if not self.send(frame_type, encode(number)):
                raise PeerError("peer takes no more requests")
            async with asyncio.timeout(REQUEST_S):
                return await answer
        except TimeoutError:
            raise PeerError(f"no answer to {frame_type.name}", penalty=20) from None
        finally:
            del self._answers[number]

    def answer(self, number: int, payload: bytes) -> None:
        """Resolve the request of an answer. An answer without a request is a fault."""
        waiting = self._answers.get(number)
        if waiting is None:
            if number == 0 or number > self._requests:
                raise PeerError("answer without a request", penalty=50)
            return
        if not waiting.done():
            waiting.set_result(payload)

    async def run(self, handle: Handler) -> None:
        """Serve the peer until it goes or breaks the protocol: PeerError says which."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write())
                group.create_task(self._ping())
                group.create_task(self._read(handle))
        except BaseExceptionGroup as ended:
            # Not `except*`: older Pythons wrap again what is raised in there, and the fault would pass all handlers.
            first = _first_fault(ended)
            if first is None:
                raise
            raise first from None
        finally:
            for waiting in self._answers.values():
                if not waiting.done():
                    waiting.set_exception(PeerError("connection closed"))
            self._channel.close()

    def close(self) -> None:
        self._channel.close()

    async def _write(self) -> None:
        while True:
            await self._channel.send(*await self._queue.get())

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING_S)
            if time.monotonic() - self._heard > SILENCE_S:
                raise PeerError("silent for too long")
            self.send(FrameType.PING, Writer().u64(time.time_ns() // 1_000_000).finish())

    async def _read(self, handle: Handler) -> None:
        while True:
            frame_type, payload = await self._channel.receive()
            self._heard = time.monotonic()
            self._spend()
            try:
                await handle(self, frame_type, payload)
            except EncodingError as error:
                raise PeerError(f"malformed {frame_type.name}: {error}", penalty=100) from error
            except InvalidError as error:
                self.punish(INVALID_PENALTY, f"{frame_type.name}: {error}")

    def _spend(self) -> None:
        now = time.monotonic()
        self._budget = min(_BURST_FRAMES, self._budget + (now - self._budgeted) * _FRAMES_PER_S) - 1
        self._budgeted = now
        if self._budget < 0:
            raise PeerError("too many frames", penalty=50)

    def punish(self, penalty: int, reason: str) -> None:
        """Add to the score. Raises PeerError when it is full."""
        self.score += penalty
        if self.score >= BAN_SCORE:
            raise PeerError(reason, penalty=BAN_SCORE)


def _first_fault(group: BaseExceptionGroup[BaseException]) -> PeerError | None:
    """Return the fault that ended a peer, if only faults of the peer did."""
    faults, remaining = group.split(PeerError)
    fault: BaseException | None = faults if remaining is None else None
    while isinstance(fault, BaseExceptionGroup):
        fault = fault.exceptions[0]
    return fault if isinstance(fault, PeerError) else None


class Bans:
    """Node keys whose connections are refused for a while."""

    def __init__(self) -> None:
        self._until: OrderedDict[bytes, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._until)

    def ban(self, node: bytes) -> None:
        self._until[node] = time.monotonic() + BAN_S
        if len(self._until) > _BANNED_LIMIT:
            self._until.popitem(last=False)

    def holds(self, node: bytes) -> bool:
        until = self._until.get(node)
        if until is not None and until < time.monotonic():
            del self._until[node]
            return False
        return until is not None
