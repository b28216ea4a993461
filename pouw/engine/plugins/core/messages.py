"""The engine's messages, as every provider makes and reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final, TypeVar

import grpc
from pulumi.runtime.proto import provider_pb2

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
    """Turn a ProviderError into the call's failure."""

    @wraps(method)
    def call(self: Provider, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except ProviderError as error:
            abort(context, error)

    return call


def failures(faults: Sequence[str]) -> list[provider_pb2.CheckFailure]:
    """Without a property: the engine prints a named property's value, maybe a secret. The path is in the text."""
    return [provider_pb2.CheckFailure(reason=fault) for fault in faults]


def naming(request: Any) -> Naming:
    """What a Check request wants of automatic names."""
    return Naming(
        resource=Urn.parse(request.urn).name,
        seed=request.randomSeed,
        mode=_NAMING_MODES.get(request.autonaming.mode, NamingMode.OWN)
        if request.HasField("autonaming")
        else NamingMode.OWN,
        proposed=request.autonaming.proposed_name,
    )


def difference(changes: Sequence[Change], *, delete_before_replace: bool, inputs: bool = False) -> Any:
    """The answer to a Diff. ``inputs``: every change is one of inputs, as against the live object's."""
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
