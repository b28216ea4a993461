"""Dispatch of requests, bytes in and bytes out: parse, authorise, call, answer; one call or a batch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from types import CoroutineType
from typing import Any

from node.errors import EncodingError, InvalidError
from node.logs import LOGGER
from node.rpc.protocol import (
    BATCH_LIMIT,
    Caller,
    ErrorCode,
    Json,
    Method,
    Request,
    RpcError,
    bind,
    dumps,
    failure,
    loads,
    parse_request,
    success,
)

_Reply = dict[str, Json] | None
Count = Callable[[str, str], None]
"""Receives method (``unknown`` for a missing one) and outcome (``ok`` or an error number) of each call."""


class Dispatcher:
    """The methods of one node."""

    def __init__(self, methods: Mapping[str, Method], count: Count) -> None:
        self.methods = methods
        self._count = count

    async def answer(self, body: bytes, caller: Caller) -> bytes:
        """Return the answer to a request or a batch; empty for notifications."""
        try:
            data = loads(body)
        except ValueError:
            return dumps(failure(None, ErrorCode.PARSE, "the body is not JSON"))
        if not isinstance(data, list):
            reply = self._reply(data, caller)
            if isinstance(reply, CoroutineType):
                reply = await reply
            return b"" if reply is None else dumps(reply)
        if not data or len(data) > BATCH_LIMIT:
            return dumps(failure(None, ErrorCode.INVALID_REQUEST, f"a batch has 1 to {BATCH_LIMIT} requests"))
        replies = []
        for item in data:
            reply = self._reply(item, caller)
            replies.append(await reply if isinstance(reply, CoroutineType) else reply)
        answers = [reply for reply in replies if reply is not None]
        return dumps(answers) if answers else b""

    def _reply(self, data: object, caller: Caller) -> Any:
        """Return the reply, or a coroutine where the method has to wait: most do not, and a coroutine costs as much."""
        try:
            request = parse_request(data)
        except RpcError as error:
            return self._error_reply(None, error)
        try:
            result = self._call(request, caller)
        except Exception as error:  # noqa: BLE001 - the edge: every error becomes a number
            return self._error_reply(request, error)
        if isinstance(result, CoroutineType):
            return self._later(request, result)
        return self._succeeded(request, result)

    async def _later(self, request: Request, result: CoroutineType[None, None, Json]) -> _Reply:
        try:
            return self._succeeded(request, await result)
        except Exception as error:  # noqa: BLE001 - as above
            return self._error_reply(request, error)

    def _call(self, request: Request, caller: Caller) -> Any:
        method = self.methods.get(request.method)
        if method is None:
            raise RpcError(ErrorCode.METHOD_NOT_FOUND, f"there is no method {request.method[:64]!r}")
        if method.protected and not caller.authorized:
            raise RpcError(ErrorCode.UNAUTHORIZED, f"{request.method} needs the node's bearer token")
        return method.call(*bind(method, request.params))

    def _succeeded(self, request: Request, result: Json) -> _Reply:
        self._count(request.method, "ok")
        return None if request.notification else success(request.id, result)

    def _error_reply(self, request: Request | None, error: Exception) -> _Reply:
        public = _public_error(request, error)
        is_known = request is not None and request.method in self.methods
        self._count(request.method if request and is_known else "unknown", str(int(public.code)))
        if request is not None and request.notification:
            return None
        return failure(request.id if request else None, public.code, str(public))


def _public_error(request: Request | None, error: Exception) -> RpcError:
    """Return the error for the caller. An unexpected one shows no detail: the log has its traceback."""
    if isinstance(error, RpcError):
        return error
    if isinstance(error, InvalidError):
        return RpcError(ErrorCode.REJECTED, str(error))
    if isinstance(error, ValueError | TypeError | OverflowError | EncodingError):
        return RpcError(ErrorCode.INVALID_PARAMS, str(error))
    fields = {"method": request.method if request else ""}
    logging.getLogger(LOGGER).error("call failed", exc_info=error, extra={"fields": fields})
    return RpcError(ErrorCode.INTERNAL, "internal error; the node's log has it")
