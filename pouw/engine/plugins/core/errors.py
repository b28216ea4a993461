"""Errors of a provider: failures, and failures that leave something behind that the state must keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NoReturn

import grpc
from google.protobuf import any_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2

from infra.faults import Fault
from pouw.engine.plugins.core.properties import Value, to_struct


class ProviderError(Exception):
    """An operation that did not happen. The text is the user's message: it has a remedy and no secret.

    ``fault`` holds the parts of the text, where it has any.
    """

    def __init__(self, message: str, *, fault: Fault | None = None) -> None:
        super().__init__(message)
        self.fault = fault


class PartialError(ProviderError):
    """An object that exists and is not ready: ``state`` and ``inputs`` are kept in the stack's state."""

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
    """A request of the engine to stop during the operation."""


def abort(context: grpc.ServicerContext, error: ProviderError) -> NoReturn:
    """End the call with ``error``, in the form that the engine expects."""
    if isinstance(error, PartialError):
        context.set_trailing_metadata((("grpc-status-details-bin", _details(error).SerializeToString()),))
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
    context.abort(grpc.StatusCode.UNKNOWN, str(error))
    raise AssertionError("abort raises")


def _details(error: PartialError) -> status_pb2.Status:
    failure = provider_pb2.ErrorResourceInitFailed(
        id=error.identifier,
        properties=to_struct(error.state),
        reasons=[str(error), *error.reasons],
        inputs=None if error.inputs is None else to_struct(error.inputs),
    )
    detail = any_pb2.Any()
    detail.Pack(failure)
    return status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error), details=[detail])
