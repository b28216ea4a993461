"""From bytes to bytes: parse, authorise, call, answer; one call or a batch."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping

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
    parse_request,
    success,
)

Count = Callable[[str, str], None]
"""Told the method (``unknown`` for one that is not there) and the outcome (``ok`` or an error number) of each call."""


class Dispatcher:
    """The methods of one node."""

    def __init__(self, methods: Mapping[str, Method], count: Count) -> None:
        self.methods = methods
        self._count = count

    async def answer(self, body: bytes, caller: Caller) -> bytes:
        """The answer to a request or a batch; empty when there is none to give."""
        try:
            data = json.loads(body.decode())
        except (ValueError, RecursionError):
            return dumps(failure(None, ErrorCode.PARSE, "the body is not JSON"))
        if not isinstance(data, list):
            reply = await self._one(data, caller)
            return dumps(reply) if reply is not None else b""
        if not data or len(data) > BATCH_LIMIT:
            return dumps(failure(None, ErrorCode.INVALID_REQUEST, f"a batch has 1 to {BATCH_LIMIT} requests"))
        replies = [reply for item in data if (reply := await self._one(item, caller)) is not None]
        return dumps(replies) if replies else b""

    async def _one(self, data: object, caller: Caller) -> dict[str, Json] | None:
        try:
            request = parse_request(data)
        except RpcError as error:
            self._count("unknown", str(int(error.code)))
            return failure(None, error.code, str(error))
        method = request.method if request.method in self.methods else "unknown"
        try:
            result = await self._call(request, caller)
        except RpcError as error:
            self._count(method, str(int(error.code)))
            reply = failure(request.id, error.code, str(error))
        else:
            self._count(method, "ok")
            reply = success(request.id, result)
        return None if request.notification else reply

    async def _call(self, request: Request, caller: Caller) -> Json:
        method = self.methods.get(request.method)
        if method is None:
            raise RpcError(ErrorCode.METHOD_NOT_FOUND, f"there is no method {request.method[:64]!r}")
        if method.protected and not caller.authorized:
            raise RpcError(ErrorCode.UNAUTHORIZED, f"{request.method} needs the node's bearer token")
        values = bind(method, request.params)
        try:
            result = method.call(*values)
            return await result if isinstance(result, Awaitable) else result
        except InvalidError as error:
            raise RpcError(ErrorCode.REFUSED, str(error)) from error
        except (ValueError, TypeError, OverflowError, EncodingError) as error:
            raise RpcError(ErrorCode.INVALID_PARAMS, str(error)) from error
        except RpcError:
            raise
        except Exception as error:
            # The edge: the caller gets a number, the log gets the traceback.
            logging.getLogger(LOGGER).exception("call failed", extra={"fields": {"method": request.method}})
            raise RpcError(ErrorCode.INTERNAL, "internal error; the node's log has it") from error
