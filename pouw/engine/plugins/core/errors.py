"""How a provider says no: plain failures, and failures that leave something behind that the state must keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn

import grpc
from google.protobuf import any_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

from pouw.engine.plugins.core.properties import Value, to_struct


class ProviderError(Exception):
    """An operation that did not happen. The text is what the user reads: no secrets, and what to do about it."""


class PartialError(ProviderError):
    """The object exists but is not as it should be: ``state`` and ``inputs`` go into the stack's state."""

    def __init__(
        self,
        message: str,
        *,
        identifier: str,
        state: Mapping[str, Value],
        inputs: Mapping[str, Value] | None = None,
        reasons: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.identifier = identifier
        self.state = state
        self.inputs = inputs
        self.reasons = reasons


class CancelledError(ProviderError):
    """The engine asked to stop while the operation was under way."""


def abort(context: grpc.ServicerContext, error: ProviderError) -> NoReturn:
    """End the call with ``error``, in the form that the engine understands."""
    if isinstance(error, PartialError):
        context.set_trailing_metadata((("grpc-status-details-bin", _details(error).SerializeToString()),))
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
    context.abort(grpc.StatusCode.UNKNOWN, str(error))
    raise AssertionError("abort raises")


def _details(error: PartialError) -> status_pb2.Status:
    failed = provider_pb2.ErrorResourceInitFailed(
        id=error.identifier,
        properties=to_struct(error.state),
        reasons=[str(error), *error.reasons],
        inputs=None if error.inputs is None else to_struct(error.inputs),
    )
    detail = any_pb2.Any()
    detail.Pack(failed)
    return status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error), details=[detail])
