"""An API server's address with all that a connection to it needs: trust, client certificate, headers and proxy."""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from pouw.kube.errors import UnreachableError, cause

Headers = Callable[[], Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class Tls:
    """Trust in a server and the client's certificate, as PEM. Without ``authority`` the system's authorities apply."""

    authority: str = ""
    certificate: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    verify: bool = True
    server_name: str = ""
    """Name that the server's certificate must hold, if it differs from the address."""

    def context(self) -> ssl.SSLContext:
        """Return a client context.

        Raises:
            ssl.SSLError: a certificate or key is not valid PEM.
        """
        context = ssl.create_default_context(cadata=self.authority or None)
        if not self.verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if self.certificate:
            # The ssl module reads certificates of its own side from files only.
            with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
                file.write(f"{self.certificate}\n{self.key}")
                file.flush()
                context.load_cert_chain(file.name)
        return context


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One API server. ``headers`` is called for each request, because tokens expire."""

    url: str
    tls: Tls = field(default_factory=Tls)
    headers: Headers = dict
    proxy: str = ""

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return self.tls.context()

    @cached_property
    def prefix(self) -> str:
        """Path below which the server's API begins: empty unless it is behind a gateway."""
        return urlsplit(self.url).path.rstrip("/")

    @property
    def authority(self) -> str:
        """Host and port as the ``Host`` header shows them."""
        return urlsplit(self.url).netloc

    def open(self, *, connect_seconds: float, answer_seconds: float) -> socket.socket:
        """Return a socket to the server on which reads time out after ``answer_seconds``.

        Raises:
            UnreachableError: the server cannot be reached or is not trusted.
        """
        try:
            raw_socket = self._open(connect_seconds)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise UnreachableError(self.url, cause(error)) from error
        raw_socket.settimeout(answer_seconds)
        return raw_socket

    def _open(self, timeout_seconds: float) -> socket.socket:
        target = urlsplit(self.url)
        host, port = target.hostname or "", target.port or (443 if target.scheme == "https" else 80)
        tcp_socket = self._tunnel(host, port, timeout_seconds) if self.proxy else _connect(host, port, timeout_seconds)
        if target.scheme != "https":
            return tcp_socket
        try:
            return self._context.wrap_socket(tcp_socket, server_hostname=self.tls.server_name or host)
        except BaseException:
            tcp_socket.close()
            raise

    def _tunnel(self, host: str, port: int, timeout_seconds: float) -> socket.socket:
        proxy = urlsplit(self.proxy)
        connection = http.client.HTTPConnection(proxy.hostname or "", proxy.port or 80, timeout=timeout_seconds)
        headers = {}
        if proxy.username:
            credentials = f"{proxy.username}:{proxy.password or ''}".encode()
            headers["Proxy-Authorization"] = f"Basic {base64.b64encode(credentials).decode()}"
        connection.set_tunnel(host, port, headers)
        try:
            connection.connect()
        except BaseException:
            connection.close()
            raise
        return connection.sock


def _connect(host: str, port: int, timeout_seconds: float) -> socket.socket:
    raw_socket = socket.create_connection((host, port), timeout_seconds)
    raw_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return raw_socket


def from_certificates(url: str, *, authority: Path, certificate: Path, key: Path) -> Endpoint:
    """Return the endpoint of a server that ``authority`` signed, for the holder of a certificate.

    Raises:
        OSError: a file cannot be read.
    """
    tls = Tls(authority=authority.read_text(), certificate=certificate.read_text(), key=key.read_text())
    return Endpoint(url=url, tls=tls)
