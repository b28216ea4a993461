"""Plain REST against one API server, through the official client's connection set-up.

Every call is safe to repeat (creates carry the mark of their resource, see ``managers``), so all are repeated when the
server is overloaded or gone for a moment, within a bound.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import urllib3

from pouw.engine.plugins.core.cancellation import Cancellation
from pouw.engine.plugins.core.errors import CancelledError, ProviderError
from pouw.engine.plugins.core.properties import Value
from pouw.engine.plugins.kubernetes.kubeconfig import Kubeconfig
from pouw.engine.plugins.kubernetes.objects import Object

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 60.0
WATCH_SECONDS: Final = 30
"""How long one watch request lasts. The watcher looks up between two whether it is still wanted."""
RETRY_SECONDS: Final = 30.0
_RETRIED: Final = frozenset({429, 500, 502, 503, 504})
_FIRST_DELAY: Final = 0.2
_LONGEST_DELAY: Final = 5.0
_CONNECTIONS: Final = 128

JSON: Final = "application/json"
APPLY: Final = "application/apply-patch+yaml"
JSON_PATCH: Final = "application/json-patch+json"


class ApiError(ProviderError):
    """The API server's refusal, with its own reason and sentence."""

    def __init__(self, status: int, reason: str, message: str, causes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.causes = causes

    @property
    def not_found(self) -> bool:
        """The object, its namespace or its kind is not there."""
        return self.status == 404


class UnreachableError(ProviderError):
    """Nobody answers at the API server's address, or not as one."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """One event of a watch: ``ADDED``, ``MODIFIED``, ``DELETED`` or ``BOOKMARK``."""

    type: str
    object: Object


class Watch:
    """Events as they come. ``stop`` may be called from another thread: the iteration then ends."""

    def __init__(self, path: str, response: urllib3.BaseHTTPResponse) -> None:
        self._path = path
        self._response = response
        self._stopped = False

    def __iter__(self) -> Iterator[Watched]:
        pending = b""
        try:
            for chunk in self._response.stream(65536, decode_content=True):
                *lines, pending = (pending + chunk).split(b"\n")
                for line in lines:
                    yield _event(line)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            if not self._stopped:
                raise UnreachableError(f"the watch of {self._path} broke off: {_why(error)}") from None
        finally:
            self._response.close()

    def stop(self) -> None:
        """End the iteration, wherever it waits."""
        self._stopped = True
        with contextlib.suppress(OSError, RuntimeError, ValueError):
            self._response.shutdown()


class Client:
    """A connection pool to one API server. Safe for many threads."""

    def __init__(self, kubeconfig: Kubeconfig | None, cancelled: Cancellation, *, agent: str) -> None:
        """``kubeconfig`` None: the service account of the pod that we run in. May run an exec plugin for a token."""
        import kubernetes.config as loading
        from kubernetes.client.configuration import Configuration
        from kubernetes.client.rest import RESTClientObject

        settings = Configuration()
        try:
            if kubeconfig is None:
                loading.load_incluster_config(client_configuration=settings)
            else:
                content = dict(kubeconfig.content)
                loading.load_kube_config_from_dict(content, client_configuration=settings, persist_config=False)
        except (loading.ConfigException, ValueError, TypeError, KeyError) as error:
            raise UnreachableError(f"the kubeconfig cannot be used: {type(error).__name__}: {error}") from None
        settings.connection_pool_maxsize = _CONNECTIONS
        self._settings = settings
        self._pool = RESTClientObject(settings).pool_manager
        self._cancelled = cancelled
        self._agent = agent

    @property
    def host(self) -> str:
        """The API server's address."""
        return str(self._settings.host)

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Value = None,
        content_type: str = JSON,
        retry_seconds: float = RETRY_SECONDS,
    ) -> Object:
        """One call, repeated within ``retry_seconds``. Raises ApiError, UnreachableError or CancelledError."""
        deadline = time.monotonic() + retry_seconds
        delay = _FIRST_DELAY
        while True:
            try:
                return self._call_once(method, path, query, body, content_type)
            except _OverloadedError as error:
                failure: ProviderError = error.failure
                delay = max(delay, error.after_seconds)
            except UnreachableError as error:
                failure = error
            if time.monotonic() + delay > deadline:
                raise failure
            if self._cancelled.wait(delay):
                raise CancelledError(f"interrupted while repeating {method} {path}: {failure}")
            delay = min(delay * 2, _LONGEST_DELAY)

    def text(self, path: str, query: Mapping[str, str]) -> str:
        """A text answer (logs). Raises as ``call`` does."""
        response = self._send("GET", path, query, None, JSON, READ_SECONDS, stream=False)
        if response.status >= 400:
            raise _refusal(response.status, response.data)
        return str(response.data.decode(errors="replace"))

    def close(self) -> None:
        """Give the connections up."""
        self._pool.clear()

    def watch(self, path: str, query: Mapping[str, str]) -> Watch:
        """A watch for at most ``WATCH_SECONDS``. Raises as ``call`` does; 410 means: list again."""
        wanted = {**query, "watch": "true", "timeoutSeconds": str(WATCH_SECONDS), "allowWatchBookmarks": "true"}
        response = self._send("GET", path, wanted, None, JSON, WATCH_SECONDS + 15.0, stream=True)
        if response.status >= 400:
            refusal = _refusal(response.status, response.read())
            response.close()
            raise refusal
        return Watch(path, response)

    def _call_once(
        self, method: str, path: str, query: Mapping[str, str] | None, body: Value, content_type: str
    ) -> Object:
        response = self._send(method, path, query, body, content_type, READ_SECONDS, stream=False)
        if response.status in _RETRIED:
            raise _OverloadedError(_refusal(response.status, response.data), _retry_after(response.headers))
        if response.status >= 400:
            raise _refusal(response.status, response.data)
        answer = json.loads(response.data)
        if not isinstance(answer, dict):
            raise UnreachableError(f"{self.host}{path} did not answer as an API server does")
        return answer

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Value,
        content_type: str,
        read_seconds: float,
        *,
        stream: bool,
    ) -> urllib3.BaseHTTPResponse:
        headers = {"Accept": JSON, "User-Agent": self._agent}
        for one in self._settings.auth_settings().values():
            # Asked anew for each call: tokens of exec plugins and service accounts run out.
            headers[one["key"]] = one["value"]
        if self._settings.username or self._settings.password:
            headers["Authorization"] = self._settings.get_basic_auth_token()
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = content_type
        url = f"{self.host}{path}" + (f"?{urlencode(query)}" if query else "")
        try:
            response: urllib3.BaseHTTPResponse = self._pool.request(
                method,
                url,
                body=data,
                headers=headers,
                preload_content=not stream,
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=read_seconds),
                retries=False,
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise UnreachableError(f"{self.host} does not answer: {_why(error)}") from None
        return response


class _OverloadedError(Exception):
    def __init__(self, failure: ApiError, after_seconds: float) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.after_seconds = after_seconds


def _retry_after(headers: Mapping[str, str]) -> float:
    text = headers.get("Retry-After", "")
    return min(float(text), _LONGEST_DELAY) if text.isdigit() else 0.0


def _refusal(status: int, data: bytes) -> ApiError:
    try:
        answer = json.loads(data)
    except ValueError:
        answer = {}
    if not isinstance(answer, dict):
        answer = {}
    causes = tuple(
        f"{cause.get('field', '')}: {cause.get('message', '')}"
        for cause in (answer.get("details") or {}).get("causes") or []
    )
    message = answer.get("message") or data[:500].decode(errors="replace").strip() or f"HTTP {status}"
    return ApiError(status, str(answer.get("reason") or ""), str(message), causes)


def _event(line: bytes) -> Watched:
    event = json.loads(line)
    if event["type"] == "ERROR":
        status = event.get("object") or {}
        raise ApiError(int(status.get("code") or 500), str(status.get("reason") or ""), str(status.get("message")))
    return Watched(type=event["type"], object=event["object"])


def _why(error: BaseException) -> str:
    """The innermost reason, without the objects' addresses that urllib3 puts into its own."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    text = getattr(error, "strerror", None) or str(error)
    return str(text) or type(error).__name__
