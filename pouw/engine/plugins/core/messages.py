"""The engine's messages, as every provider writes and reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final, TypeVar

import grpc
from pulumi.runtime.proto import provider_pb2

from infra.faults import Fault
from pouw.engine import fault_log
from pouw.engine.plugins.core import input_faults
from pouw.engine.plugins.core.changes import Change, ChangeKind
from pouw.engine.plugins.core.errors import ProviderError, abort
from pouw.engine.plugins.core.naming import Naming, NamingMode
from pouw.engine.plugins.core.urn import Urn

_KINDS: Final = {
    (ChangeKind.ADD, False): provider_pb2.PropertyDiff.ADD,
    (ChangeKind.ADD, True): provider_pb2.PropertyDiff.ADD_REPLACE,
    (ChangeKind.DELETE, False): provider_pb2.PropertyDiff.DELETE,
    (ChangeKind.DELETE, True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    (ChangeKind.UPDATE, False): provider_pb2.PropertyDiff.UPDATE,
    (ChangeKind.UPDATE, True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}
_NAMING_MODES: Final = {
    provider_pb2.CheckRequest.AutonamingOptions.PROPOSE: NamingMode.PROPOSED,
    provider_pb2.CheckRequest.AutonamingOptions.ENFORCE: NamingMode.ENFORCED,
    provider_pb2.CheckRequest.AutonamingOptions.DISABLE: NamingMode.DISABLED,
}
Provider = TypeVar("Provider")


def reported(method: Callable[[Provider, Any, grpc.ServicerContext], Any]) -> Callable[..., Any]:
    """Return the method with a ProviderError turned into the call's failure, its fault logged as data."""

    @wraps(method)
    def call(self: Provider, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except ProviderError as error:
            if error.fault is not None:
                fault_log.append([fault_log.Entry(resource=request.urn, text=str(error), fault=error.fault)])
            abort(context, error)

    return call


def failures(urn: str, faults: Sequence[Fault]) -> list[provider_pb2.CheckFailure]:
    """Return a check's faults as the engine's failures, and log them as data.

    Failures name no property, because the engine would print its value, which may be secret. The text has the path.
    """
    texts = [input_faults.line(fault) for fault in faults]
    fault_log.append(
        fault_log.Entry(resource=urn, text=text, fault=fault) for text, fault in zip(texts, faults, strict=True)
    )
    return [provider_pb2.CheckFailure(reason=text) for text in texts]


def naming(request: Any) -> Naming:
    """Return the options of a Check request for automatic names."""
    return Naming(
        resource=Urn.parse(request.urn).name,
        seed=request.randomSeed,
        mode=_NAMING_MODES.get(request.autonaming.mode, NamingMode.DEFAULT)
        if request.HasField("autonaming")
        else NamingMode.DEFAULT,
        proposed=request.autonaming.proposed_name,
    )


def difference(changes: Sequence[Change], *, delete_before_replace: bool, inputs: bool = False) -> Any:
    """Return the response to a Diff. With ``inputs``, every change is one of inputs, not of the live object."""
    return provider_pb2.DiffResponse(
        changes=provider_pb2.DiffResponse.DIFF_SOME if changes else provider_pb2.DiffResponse.DIFF_NONE,
        replaces=[change.name for change in changes if change.replaces],
        deleteBeforeReplace=delete_before_replace,
        detailedDiff={
            change.name: provider_pb2.PropertyDiff(
                kind=_KINDS[(change.kind, change.replaces)], inputDiff=inputs or change.kind is ChangeKind.DELETE
            )
            for change in changes
        },
        hasDetailedDiff=True,
    )
