"""Asking a component for its health."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field

from pouw.cluster.components import Probe

TIMEOUT_SECONDS = 3.0


@dataclass
class Prober:
    """Asks one component; keeps its TLS context between questions."""

    probe: Probe
    _context: ssl.SSLContext | None = field(default=None, init=False)

    async def healthy(self) -> bool:
        """Whether a good answer comes within ``TIMEOUT_SECONDS``. No answer, a refusal and a bad answer are all no."""
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await (self._accepts() if self.probe.socket else self._answers())
        except (OSError, ssl.SSLError, TimeoutError):
            return False

    async def _accepts(self) -> bool:
        _, writer = await asyncio.open_unix_connection(self.probe.socket)
        writer.close()
        return True

    async def _answers(self) -> bool:
        probe = self.probe
        if probe.authority and self._context is None:
            self._context = ssl.create_default_context(cafile=probe.authority)
            self._context.load_cert_chain(f"{probe.certificate}.crt", f"{probe.certificate}.key")
        reader, writer = await asyncio.open_connection(probe.address, probe.port, ssl=self._context)
        try:
            writer.write(f"GET {probe.path} HTTP/1.0\r\nHost: {probe.address}\r\n\r\n".encode())
            status = await reader.readline()
        finally:
            writer.close()
        return status.split()[1:2] == [b"200"]
