"""Processes that the host starts: they end with the host, and the host waits for their end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_CHUNK_BYTES = 65536


@dataclass(frozen=True, kw_only=True)
class Command:
    """One program to start: its arguments, its working directory and its complete environment."""

    argv: Sequence[str]
    directory: Path
    environment: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """A part of a child's output."""

    stream: Literal["stdout", "stderr"]
    data: bytes


async def run_attached(command: Command) -> int:
    """Run a program with the host's output streams, and return its exit status, negative for a signal.

    Cancelling kills the child and waits for it.
    """
    process = await asyncio.create_subprocess_exec(
        *command.argv, cwd=command.directory, env=dict(command.environment), stdin=asyncio.subprocess.DEVNULL
    )
    try:
        return await process.wait()
    finally:
        await _end(process)


async def run_streamed(command: Command) -> AsyncIterator[Chunk | int]:
    """Yield the output of a child while it runs, and its exit status at the end. Closing the iterator kills it."""
    process = await asyncio.create_subprocess_exec(
        *command.argv,
        cwd=command.directory,
        env=dict(command.environment),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    stdout, stderr = process.stdout, process.stderr
    if stdout is None or stderr is None:
        raise RuntimeError("a process that was started with pipes has no pipe")
    queue: asyncio.Queue[Chunk | None] = asyncio.Queue(maxsize=16)

    async def pump(read: Callable[[int], Awaitable[bytes]], stream: Literal["stdout", "stderr"]) -> None:
        while data := await read(_CHUNK_BYTES):
            await queue.put(Chunk(stream=stream, data=data))
        await queue.put(None)

    pumps = [
        asyncio.create_task(pump(stdout.read, "stdout")),
        asyncio.create_task(pump(stderr.read, "stderr")),
    ]
    try:
        open_streams = len(pumps)
        while open_streams:
            chunk = await queue.get()
            if chunk is None:
                open_streams -= 1
            else:
                yield chunk
        yield await process.wait()
    finally:
        for task in pumps:
            task.cancel()
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def kill_own_group() -> None:
    """End every process of this process group, for a host whose engine has ended.

    The engine makes each plugin the leader of a group. A host that a user starts leads no group, and ends only its own
    process.
    """
    if os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
