"""Errors of the Kubernetes client: a refusal, no answer, or a kubeconfig that cannot be used."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any

from infra.faults import Fault
from pouw.errors import ClusterError

_EXCERPT_CHARACTERS = 500


class KubeError(ClusterError):
    """A request to a Kubernetes API server that did not succeed. ``message`` holds its cause alone."""

    def __init__(self, fault: Fault, message: str) -> None:
        super().__init__(fault)
        self.message = message


class ApiError(KubeError):
    """A refusal by the API server, with its HTTP status, its reason (as in ``NotFound``), its message and its causes.

    Each cause is ``field: message``.
    """

    def __init__(
        self, status: int, reason: str, message: str, causes: tuple[str, ...] = (), *, path: str = "kubernetes"
    ) -> None:
        text = f"{status} {reason or http.client.responses.get(status, '')}".rstrip()
        super().__init__(Fault(path=path, message="refused by the API server", got=f"{text}: {message}"), message)
        self.status = status
        self.reason = reason
        self.causes = causes

    @property
    def not_found(self) -> bool:
        """True if the object, its namespace or its kind does not exist."""
        return self.status == http.client.NOT_FOUND

    @property
    def expired(self) -> bool:
        """True if a watch began at a version that the server no longer has. A new list is then needed."""
        return self.status == http.client.GONE


class UnreachableError(KubeError):
    """No answer, or an answer that an API server does not give. A write may have taken place."""

    def __init__(self, address: str, cause: str) -> None:
        fault = Fault(path=address, message="no answer from the API server", got=cause)
        super().__init__(fault, f"{address}: {cause}")


class KubeconfigError(KubeError):
    """A kubeconfig that cannot be used. The message does not quote its content, because that holds credentials."""

    def __init__(self, path: str, message: str, *, got: str = "", expected: str = "", remedy: str = "") -> None:
        fault = Fault(path=path, message=message, got=got, expected=expected, remedy=remedy)
        super().__init__(fault, str(fault))


def refusal(status: int, data: bytes, path: str) -> ApiError:
    """Return the error that an answer with a status of 400 or more describes."""
    try:
        document = json.loads(data)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        text = data[:_EXCERPT_CHARACTERS].decode(errors="replace").strip()
        return ApiError(status, "", text or http.client.responses.get(status, f"HTTP {status}"), path=path)
    return from_status({**document, "code": status}, path)


def from_status(document: Mapping[str, Any], path: str) -> ApiError:
    """Return the error that a ``Status`` object describes."""
    status = int(document.get("code") or http.client.INTERNAL_SERVER_ERROR)
    causes = tuple(
        f"{cause.get('field', '')}: {cause.get('message', '')}"
        for cause in (document.get("details") or {}).get("causes") or []
    )
    message = str(document.get("message") or f"HTTP {status}")
    return ApiError(status, str(document.get("reason") or ""), message, causes, path=path)


def cause(error: BaseException) -> str:
    """Return the innermost cause of a failed exchange, in the words of the system."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
