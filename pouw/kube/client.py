"""A small client of the Kubernetes API for the cluster's own errands: requests, server-side apply, watches.

The official client costs most of a second to import and tens of megabytes in a process that runs all day.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

FIELD_MANAGER = "pouw-cluster"
Object = dict[str, Any]


class ApiError(Exception):
    """The API server answered with a failure."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason


class Unreachable(Exception):  # noqa: N818 - names a condition that callers wait out
    """No answer: not listening yet, gone, or not trusted."""


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """A client certificate and the authority that the server must be signed by."""

    authority: Path
    certificate: Path
    key: Path

    @classmethod
    def of(cls, pki: Path, name: str) -> Credentials:
        return cls(authority=pki / "ca.crt", certificate=pki / f"{name}.crt", key=pki / f"{name}.key")

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.authority))
        context.load_cert_chain(str(self.certificate), str(self.key))
        return context


class Client:
    """Speaks to one API server. Not for use by several threads at once."""

    def __init__(self, endpoint: str, credentials: Credentials, *, timeout_seconds: float = 10.0) -> None:
        split = urllib.parse.urlsplit(endpoint)
        self._host, self._port = split.hostname or "", split.port or 443
        self._credentials = credentials
        self._timeout = timeout_seconds
        self._context: ssl.SSLContext | None = None
        self._connection: http.client.HTTPSConnection | None = None

    def request(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, content_type: str = "application/json"
    ) -> Object:
        """The answer's object.

        Raises:
            ApiError: the server refused.
            Unreachable: no answer came. Whether a write took place is then unknown; all of ours may be repeated.
        """
        headers = {"Accept": "application/json", "Content-Type": content_type}
        payload = None if body is None else json.dumps(body)
        if self._connection is not None:
            # A connection that was kept may have gone with the server that was killed meanwhile.
            with contextlib.suppress(Unreachable):
                return self._exchange(self._connection, method, path, payload, headers)
        self._connection = self._connect(self._timeout)
        return self._exchange(self._connection, method, path, payload, headers)

    def _exchange(
        self,
        connection: http.client.HTTPSConnection,
        method: str,
        path: str,
        payload: str | None,
        headers: Mapping[str, str],
    ) -> Object:
        try:
            connection.request(method, path, payload, headers)
            response = connection.getresponse()
            raw = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unreachable(str(error)) from error
        if response.will_close:
            self.close()
        return _decode(response.status, raw)

    def get(self, path: str) -> Object:
        return self.request("GET", path)

    def find(self, path: str) -> Object | None:
        """The object, or ``None`` where there is none."""
        try:
            return self.get(path)
        except ApiError as error:
            if error.status == http.client.NOT_FOUND:
                return None
            raise

    def apply(self, path: str, body: Mapping[str, Any]) -> Object:
        """Server-side apply of one object at its full path; our fields win."""
        query = urllib.parse.urlencode({"fieldManager": FIELD_MANAGER, "force": "true"})
        return self.request("PATCH", f"{path}?{query}", body, content_type="application/apply-patch+yaml")

    def watch(self, path: str, version: str, *, seconds: int) -> Iterator[Object]:
        """Events after ``version`` until the server ends the watch, ``seconds`` from now at the latest."""
        query = urllib.parse.urlencode(
            {"watch": "true", "resourceVersion": version, "timeoutSeconds": seconds, "allowWatchBookmarks": "true"}
        )
        connection = self._connect(seconds + 15.0)
        try:
            connection.request("GET", f"{path}?{query}", headers={"Accept": "application/json"})
            response = connection.getresponse()
            if response.status != http.client.OK:
                _decode(response.status, response.read())
            for line in response:
                if line.strip():
                    yield cast(Object, json.loads(line))
        except (OSError, http.client.HTTPException, json.JSONDecodeError) as error:
            raise Unreachable(str(error)) from error
        finally:
            connection.close()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self, timeout: float) -> http.client.HTTPSConnection:
        if self._context is None:
            self._context = self._credentials.context()
        return http.client.HTTPSConnection(self._host, self._port, timeout=timeout, context=self._context)


def _decode(status: int, raw: bytes) -> Object:
    try:
        value = json.loads(raw) if raw else {}
    except json.JSONDecodeError:
        value = {"message": raw[:400].decode(errors="replace")}
    if not isinstance(value, dict):
        value = {"message": str(value)}
    if status >= http.client.BAD_REQUEST:
        raise ApiError(status, str(value.get("reason", "")), str(value.get("message", "")))
    return value
