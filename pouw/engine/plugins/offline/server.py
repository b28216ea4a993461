"""The provider's side of the engine's protocol: messages in, messages out, everything else elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from pouw.engine.plugins.core.changes import Change, ChangeKind, changes
from pouw.engine.plugins.core.errors import ProviderError, abort
from pouw.engine.plugins.core.properties import from_struct, plain, to_struct
from pouw.engine.plugins.core.sdk_types import Sdk
from pouw.engine.plugins.core.serving import EngineLog, Log
from pouw.engine.plugins.core.urn import Urn
from pouw.engine.plugins.offline.checking import Checker
from pouw.engine.plugins.offline.cloud import Cloud
from pouw.engine.plugins.offline.diff import plan
from pouw.engine.plugins.offline.naming import Naming, NamingMode
from pouw.engine.plugins.offline.outputs import Outputs
from pouw.engine.plugins.offline.settings import Settings, decoded

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
_SCHEMA: Final = '{"name": "%s", "version": "%s", "resources": {}, "functions": {}}'

Method = Callable[["OfflineProvider", Any, grpc.ServicerContext], Any]


def _reported(method: Method) -> Method:
    """Turn a ProviderError into the call's failure."""

    @wraps(method)
    def call(self: OfflineProvider, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except ProviderError as error:
            abort(context, error)

    return call


class OfflineProvider(provider_pb2_grpc.ResourceProviderServicer):
    """One plugin process for one cloud, with one configuration in it."""

    def __init__(self, cloud: Cloud, version: str, log: Log) -> None:
        self._cloud = cloud
        self._version = version
        self._log = log
        self._sdk = Sdk(f"pulumi_{cloud.package.replace('-', '_')}")
        self._checker = Checker(cloud, self._sdk)
        self._outputs = Outputs(self._sdk)
        self._settings = Settings()

    # The protocol's names and signatures are not ours to choose.
    # ruff: noqa: N802, ARG002

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, accept_resources=False, accept_outputs=False, supports_autonaming_configuration=True
        )

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._log = EngineLog(request.address)
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=self._version)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.GetSchemaResponse(schema=_SCHEMA % (self._cloud.package, self._version))

    def GetMapping(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.GetMappingResponse()

    def GetMappings(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.GetMappingsResponse()

    @_reported
    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        found = self._checker.check_provider(from_struct(request.news))
        return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(found))

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        old, new = plain(from_struct(request.old_inputs)), plain(from_struct(request.news))
        found = changes(old, new)
        some = provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=some, diffs=sorted({str(change.path[0]) for change in found}))

    @_reported
    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        properties = self._checker.described(f"pulumi:providers:{self._cloud.package}").inputs
        self._settings = self._cloud.settings(decoded(from_struct(request.args), properties))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    @_reported
    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        answer = self._cloud.answers.get(request.tok)
        if answer is None:
            known = ", ".join(sorted(self._cloud.answers)) or "none"
            raise ProviderError(
                f"{request.tok}: only {self._cloud.title} itself can answer this function. "
                f"Give the value in the configuration, or {self._remedy()}. Answered without it: {known}"
            )
        found = answer(plain(from_struct(request.args)), self._settings)
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(to_struct(found))
        return response

    @_reported
    def Call(self, request: Any, context: grpc.ServicerContext) -> Any:
        raise ProviderError(f"{request.tok}: methods of resources need {self._cloud.title} itself; {self._remedy()}")

    @_reported
    def Construct(self, request: Any, context: grpc.ServicerContext) -> Any:
        raise ProviderError(f"{request.type}: components of this package need its official plugin; {self._remedy()}")

    @_reported
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        urn = Urn.parse(request.urn)
        naming = Naming(
            resource=urn.name,
            seed=request.randomSeed,
            mode=_NAMING_MODES[request.autonaming.mode] if request.HasField("autonaming") else NamingMode.OWN,
            proposed=request.autonaming.proposed_name,
        )
        news, olds = from_struct(request.news), from_struct(request.olds)
        checked = self._checker.check(urn.type_token, news, olds, naming, self._settings)
        return provider_pb2.CheckResponse(inputs=to_struct(checked.inputs), failures=_failures(checked.faults))

    @_reported
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        described = self._checker.described(Urn.parse(request.urn).type_token)
        old, new = from_struct(request.old_inputs), from_struct(request.news)
        found = plan(self._cloud, self._sdk, described, old, new, list(request.ignoreChanges))
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if found.changes else provider_pb2.DiffResponse.DIFF_NONE,
            replaces=found.replaces,
            deleteBeforeReplace=found.delete_before_replace,
            detailedDiff={change.name: _property_diff(change) for change in found.changes},
            hasDetailedDiff=True,
        )

    @_reported
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        urn = Urn.parse(request.urn)
        if not request.preview:
            raise self._refusal("created", urn)
        state = self._outputs.planned(
            self._checker.described(urn.type_token),
            from_struct(request.properties),
            self._cloud.facts_of(urn.type_token),
            tags=self._settings.tags,
        )
        return provider_pb2.CreateResponse(id="", properties=to_struct(state))

    @_reported
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        urn = Urn.parse(request.urn)
        if not request.preview:
            raise self._refusal("changed", urn)
        state = self._outputs.planned(
            self._checker.described(urn.type_token),
            from_struct(request.news),
            self._cloud.facts_of(urn.type_token),
            tags=self._settings.tags,
            olds=from_struct(request.olds),
        )
        return provider_pb2.UpdateResponse(properties=to_struct(state))

    @_reported
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        raise self._refusal("read", Urn.parse(request.urn))

    @_reported
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        raise self._refusal("deleted", Urn.parse(request.urn))

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()

    def _refusal(self, done: str, urn: Urn) -> ProviderError:
        return ProviderError(
            f"{urn.type_token} {urn.name}: cannot be {done} by the offline plugin, which only checks and plans. "
            f"To work on {self._cloud.title}, {self._remedy()}"
        )

    def _remedy(self) -> str:
        package, version = self._cloud.package, self._version
        return (
            f"install the official plugin: `pulumi plugin install resource {package} {version}` puts it into "
            f"$PULUMI_HOME/plugins/resource-{package}-v{version} of an official Pulumi CLI on the PATH"
        )


def _failures(faults: list[str]) -> list[provider_pb2.CheckFailure]:
    # Without a property: the engine prints a named property's value, which may be a secret. The path is in the reason.
    return [provider_pb2.CheckFailure(reason=fault) for fault in faults]


def _property_diff(change: Change) -> provider_pb2.PropertyDiff:
    return provider_pb2.PropertyDiff(kind=_KINDS[(change.kind, change.replaces)], inputDiff=True)
