"""JSON-RPC 2.0: what a request is, what an answer is, and which error is which number."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

import orjson

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
Params = list[Json] | dict[str, Json]

_CONTAINERS = (list, dict)
_IDS = frozenset({str, int, float, type(None)})
BATCH_LIMIT = 100
BODY_BYTES_LIMIT = 1024 * 1024


class ErrorCode(IntEnum):
    """Numbers of the standard, and ours from -32000 down."""

    PARSE = -32700
    INVALID_REQUEST = -32600
    METHOD_NOT_FOUND = -32601
    INVALID_PARAMS = -32602
    INTERNAL = -32603
    REJECTED = -32000
    """The node understood, and its rules forbid it."""
    UNAUTHORIZED = -32001
    NOT_FOUND = -32004
    DRAINING = -32005


class RpcError(Exception):
    """A call that gets an error for an answer."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Caller of a method, with or without the admin token."""

    authorized: bool


@dataclass(frozen=True, kw_only=True)
class Method:
    """One method: its code, the names of its parameters, whether it needs the token, and a line for people."""

    call: Callable[..., Awaitable[Json] | Json]
    parameters: Sequence[str]
    required: int
    summary: str
    protected: bool = False


class Request(NamedTuple):
    """A well-formed call. Without an id it is a notification and gets no answer."""

    method: str
    params: Params
    id: str | int | float | None
    notification: bool


def parse_request(data: object) -> Request:
    """Raises RpcError INVALID_REQUEST."""
    if not isinstance(data, dict) or data.get("jsonrpc") != "2.0" or not isinstance(data.get("method"), str):
        raise RpcError(ErrorCode.INVALID_REQUEST, "a request is an object with jsonrpc 2.0 and a method")
    params = data.get("params", [])
    if not isinstance(params, _CONTAINERS):
        raise RpcError(ErrorCode.INVALID_REQUEST, "params is an array or an object")
    request_id = data.get("id")
    if type(request_id) not in _IDS:
        raise RpcError(ErrorCode.INVALID_REQUEST, "id is a string, a number or null")
    return Request(method=data["method"], params=params, id=request_id, notification="id" not in data)


def bind(method: Method, params: Params) -> list[Json]:
    """Parameters in order. Raises RpcError INVALID_PARAMS."""
    names = method.parameters
    if isinstance(params, dict):
        unknown = sorted(set(params) - set(names))
        if unknown:
            raise RpcError(ErrorCode.INVALID_PARAMS, f"unknown parameter {unknown[0]}; there are {', '.join(names)}")
        present = [name in params for name in names]
        count = len(names) - present[::-1].index(True) if any(present) else 0
        values: list[Json] = [params.get(name) for name in names[:count]]
    else:
        values = list(params)
    if not method.required <= len(values) <= len(names):
        expected = f"{method.required} to {len(names)}" if method.required != len(names) else str(len(names))
        raise RpcError(ErrorCode.INVALID_PARAMS, f"{expected} parameters ({', '.join(names)}), got {len(values)}")
    return values


def success(request_id: Json, result: Json) -> dict[str, Json]:
    return {"jsonrpc": "2.0", "id": request_id, "result": result}


def failure(request_id: Json, code: ErrorCode, message: str) -> dict[str, Json]:
    return {"jsonrpc": "2.0", "id": request_id, "error": {"code": int(code), "message": message}}


def dumps(value: object) -> bytes:
    """Compact JSON."""
    return orjson.dumps(value)


def loads(body: bytes | str) -> Any:
    """Parse a caller's strict JSON in UTF-8. Raises ValueError."""
    return orjson.loads(body)
