"""Requests to one Kubernetes API server: objects as JSON, server-side apply, text and watches."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from pouw import poll
from pouw.kube.endpoint import Endpoint
from pouw.kube.errors import ApiError, KubeError, UnreachableError, cause, refusal
from pouw.kube.policy import SINGLE_ATTEMPT, WATCH_GRACE_SECONDS, RequestPolicy
from pouw.kube.watch import Watch

Object = dict[str, Any]

JSON: Final = "application/json"
APPLY: Final = "application/apply-patch+yaml"
JSON_PATCH: Final = "application/json-patch+json"
MERGE_PATCH: Final = "application/merge-patch+json"


class Client:
    """A client of one API server, for any number of threads. It keeps connections open between requests."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        policy: RequestPolicy = SINGLE_ATTEMPT,
        agent: str = "pouw",
        clock: poll.Clock = poll.SYSTEM,
    ) -> None:
        self.endpoint = endpoint
        self._policy = policy
        self._agent = agent
        self._clock = clock
        self._lock = threading.Lock()
        self._idle: list[http.client.HTTPConnection] = []

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str = JSON,
        policy: RequestPolicy | None = None,
    ) -> Object:
        """Return the object that the server answers with, after as many attempts as the policy allows.

        A request may arrive more than once, so callers pass only requests that may be repeated.

        Raises:
            ApiError: the server refuses.
            UnreachableError: the server does not answer.
        """
        policy = policy or self._policy
        for attempt in poll.attempts(
            policy.retry_seconds,
            interval_seconds=policy.first_interval_seconds,
            longest_interval_seconds=policy.longest_interval_seconds,
            clock=self._clock,
        ):
            try:
                response, data = self._exchange(method, path, query, body, content_type, policy)
            except UnreachableError as error:
                failure: KubeError = error
                continue
            if response.status < http.client.BAD_REQUEST:
                return self._object(path, data)
            failure = refusal(response.status, data, path)
            if response.status not in policy.retried_statuses:
                break
            attempt.retry_after_seconds = _retry_after(response, policy)
        raise failure

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Object:
        """Return the object or list at ``path``. Raise as :meth:`request` does."""
        return self.request("GET", path, query=query)

    def find(self, path: str) -> Object | None:
        """Return the object at ``path``, or None if it does not exist. Raise as :meth:`request` does."""
        try:
            return self.get(path)
        except ApiError as error:
            if error.not_found:
                return None
            raise

    def apply(self, path: str, body: Mapping[str, Any]) -> Object:
        """Apply one object on the server at its full path. Its fields are taken from other managers.

        The agent of this client is the field manager. Raise as :meth:`request` does.
        """
        query = {"fieldManager": self._agent, "force": "true"}
        return self.request("PATCH", path, query=query, body=body, content_type=APPLY)

    def text(self, path: str, query: Mapping[str, str] | None = None) -> str:
        """Return a text, such as a pod's log, after one attempt. Raise as :meth:`request` does."""
        response, data = self._exchange("GET", path, query, None, JSON, self._policy)
        if response.status >= http.client.BAD_REQUEST:
            raise refusal(response.status, data, path)
        return data.decode(errors="replace")

    def watch(self, path: str, query: Mapping[str, str], *, seconds: int) -> Watch:
        """Return a watch that the server ends after ``seconds``. Raise as :meth:`request` does.

        ``query`` holds the ``resourceVersion`` after which it begins. ``ApiError.expired`` asks for a new list.
        """
        query = {**query, "watch": "true", "timeoutSeconds": str(seconds), "allowWatchBookmarks": "true"}
        connection = self._connect(seconds + WATCH_GRACE_SECONDS, self._policy)
        raw_socket = connection.sock
        try:
            response = self._send(connection, "GET", path, query, None, JSON)
            data = b"" if response.status < http.client.BAD_REQUEST else response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise UnreachableError(self.endpoint.url, cause(error)) from error
        if response.status >= http.client.BAD_REQUEST:
            connection.close()
            raise refusal(response.status, data, path)
        return Watch(path, self.endpoint.url, connection, raw_socket, response)

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _exchange(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: object,
        content_type: str,
        policy: RequestPolicy,
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Return one answer. A kept connection that the server has closed is replaced."""
        with self._lock:
            reused = self._idle.pop() if self._idle else None
        if reused is not None:
            reused.sock.settimeout(policy.answer_seconds)
            try:
                return self._exchange_on(reused, method, path, query, body, content_type)
            except TimeoutError as error:
                raise UnreachableError(self.endpoint.url, cause(error)) from error
            except (OSError, http.client.HTTPException):
                self.close()
        connection = self._connect(policy.answer_seconds, policy)
        try:
            return self._exchange_on(connection, method, path, query, body, content_type)
        except (OSError, http.client.HTTPException) as error:
            raise UnreachableError(self.endpoint.url, cause(error)) from error

    def _exchange_on(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: object,
        content_type: str,
    ) -> tuple[http.client.HTTPResponse, bytes]:
        try:
            response = self._send(connection, method, path, query, body, content_type)
            data = response.read()
        except BaseException:
            connection.close()
            raise
        if response.will_close:
            connection.close()
        else:
            with self._lock:
                self._idle.append(connection)
        return response, data

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: object,
        content_type: str,
    ) -> http.client.HTTPResponse:
        headers = {"Accept": JSON, "User-Agent": self._agent, **self.endpoint.headers()}
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = content_type
        target = f"{self.endpoint.prefix}{path}" + (f"?{urlencode(query)}" if query else "")
        connection.request(method, target, data, headers)
        return connection.getresponse()

    def _connect(self, answer_seconds: float, policy: RequestPolicy) -> http.client.HTTPConnection:
        raw_socket = self.endpoint.open(connect_seconds=policy.connect_seconds, answer_seconds=answer_seconds)
        connection = http.client.HTTPConnection(self.endpoint.authority)
        connection.sock = raw_socket
        connection.auto_open = 0
        return connection

    def _object(self, path: str, data: bytes) -> Object:
        try:
            document = json.loads(data) if data else {}
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise UnreachableError(f"{self.endpoint.url}{path}", "the answer is not one of an API server")
        return document


def _retry_after(response: http.client.HTTPResponse, policy: RequestPolicy) -> float:
    text = response.getheader("Retry-After", "")
    return min(float(text), policy.longest_interval_seconds) if text.isdigit() else 0.0
