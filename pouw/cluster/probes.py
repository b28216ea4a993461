"""Health checks of components."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field

from pouw.cluster.components import Probe

TIMEOUT_SECONDS = 3.0


@dataclass
class Prober:
    """The health check of one component. It keeps its TLS context between requests."""

    probe: Probe
    _context: ssl.SSLContext | None = field(default=None, init=False)

    async def healthy(self) -> bool:
        """True if the component answers with status 200 within ``TIMEOUT_SECONDS``."""
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
