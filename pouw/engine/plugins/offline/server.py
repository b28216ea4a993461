"""The provider's side of the engine's protocol: it translates messages, and other modules do the work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from pouw.engine.plugins.core import simulation
from pouw.engine.plugins.core.changes import changes
from pouw.engine.plugins.core.errors import ProviderError
from pouw.engine.plugins.core.messages import difference, failures, naming, reported
from pouw.engine.plugins.core.properties import Value, from_struct, revealed, to_struct
from pouw.engine.plugins.core.provider_server import EngineLog, Log
from pouw.engine.plugins.core.sdk_types import ResourceType, Sdk
from pouw.engine.plugins.core.simulation import SimulatedCloud
from pouw.engine.plugins.core.urn import Urn
from pouw.engine.plugins.offline.cloud_description import Cloud
from pouw.engine.plugins.offline.diff import plan
from pouw.engine.plugins.offline.input_checks import Checker
from pouw.engine.plugins.offline.outputs import Outputs
from pouw.engine.plugins.offline.settings import Settings, decoded
from pouw.engine.plugins.offline.simulated_resources import Rehearsal

_SCHEMA: Final = '{"name": "%s", "version": "%s", "resources": {}, "functions": {}}'


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
        folder = simulation.folder()
        self._store = SimulatedCloud(folder) if folder is not None else None

    @property
    def _rehearsal(self) -> Rehearsal | None:
        """The simulated cloud, when this run is a rehearsal."""
        if self._store is None:
            return None
        return Rehearsal(
            cloud=self._cloud, sdk=self._sdk, outputs=self._outputs, store=self._store, settings=self._settings
        )

    # The protocol defines these names and signatures.
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

    @reported
    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        faults = self._checker.check_provider(from_struct(request.news))
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures(request.urn, faults))

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        old, new = revealed(from_struct(request.old_inputs)), revealed(from_struct(request.news))
        differences = changes(old, new)
        result = provider_pb2.DiffResponse.DIFF_SOME if differences else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=result, diffs=sorted({str(change.path[0]) for change in differences}))

    @reported
    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        properties = self._checker.definition(f"pulumi:providers:{self._cloud.package}").inputs
        self._settings = self._cloud.settings(decoded(from_struct(request.args), properties))
        if self._store is not None:
            self._settings = replace(self._settings, account=self._cloud.placeholder_account)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    @reported
    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        function = self._cloud.functions.get(request.tok)
        if function is None:
            names = ", ".join(sorted(self._cloud.functions)) or "none"
            raise ProviderError(
                f"{request.tok}: only {self._cloud.title} can evaluate this function. "
                f"Set the value in the configuration, or {self._remedy()}. Available offline: {names}"
            )
        result = function(revealed(from_struct(request.args)), self._settings)
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(to_struct(result))
        return response

    @reported
    def Call(self, request: Any, context: grpc.ServicerContext) -> Any:
        raise ProviderError(f"{request.tok}: methods of resources need {self._cloud.title}; {self._remedy()}")

    @reported
    def Construct(self, request: Any, context: grpc.ServicerContext) -> Any:
        raise ProviderError(f"{request.type}: components of this package need its official plugin; {self._remedy()}")

    @reported
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        urn = Urn.parse(request.urn)
        news, olds = from_struct(request.news), from_struct(request.olds)
        result = self._checker.check(urn.type_token, news, olds, naming(request), self._settings)
        return provider_pb2.CheckResponse(
            inputs=to_struct(result.inputs), failures=failures(request.urn, result.faults)
        )

    @reported
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        _, definition = self._subject(request)
        old, new = from_struct(request.old_inputs), from_struct(request.news)
        if self._rehearsal is not None:
            self._rehearsal.read(definition, request.id, from_struct(request.olds))
        difference_plan = plan(self._cloud, definition, old, new, list(request.ignoreChanges))
        return difference(
            difference_plan.changes, delete_before_replace=difference_plan.delete_before_replace, inputs=True
        )

    @reported
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        urn, definition = self._subject(request)
        inputs = from_struct(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(id="", properties=to_struct(self._plan_outputs(definition, inputs)))
        if self._rehearsal is None:
            raise self._refusal("created", urn)
        record = self._rehearsal.create(urn, definition, inputs)
        return provider_pb2.CreateResponse(id=record.id, properties=to_struct(record.outputs))

    @reported
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        urn, definition = self._subject(request)
        inputs = from_struct(request.news)
        if request.preview:
            state = self._plan_outputs(definition, inputs, from_struct(request.olds))
            return provider_pb2.UpdateResponse(properties=to_struct(state))
        if self._rehearsal is None:
            raise self._refusal("changed", urn)
        record = self._rehearsal.update(urn, definition, request.id, inputs)
        return provider_pb2.UpdateResponse(properties=to_struct(record.outputs))

    @reported
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        urn, definition = self._subject(request)
        if self._rehearsal is None:
            raise self._refusal("read", urn)
        record = self._rehearsal.read(definition, request.id, from_struct(request.properties))
        if record is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=record.id, properties=to_struct(record.outputs), inputs=to_struct(record.inputs)
        )

    @reported
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        urn, definition = self._subject(request)
        if self._rehearsal is None:
            raise self._refusal("deleted", urn)
        self._rehearsal.delete(urn, definition, request.id, from_struct(request.properties))
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()

    def _subject(self, request: Any) -> tuple[Urn, ResourceType]:
        urn = Urn.parse(request.urn)
        return urn, self._checker.definition(urn.type_token)

    def _plan_outputs(
        self, definition: ResourceType, inputs: Mapping[str, Value], olds: Mapping[str, Value] | None = None
    ) -> dict[str, Value]:
        entry = self._cloud.entry_of(definition.token)
        return self._outputs.plan(definition, inputs, entry, tags=self._settings.tags, olds=olds)

    def _refusal(self, action: str, urn: Urn) -> ProviderError:
        return ProviderError(
            f"{urn.type_token} {urn.name}: cannot be {action} by the offline plugin, which only checks and plans. "
            f"To work on {self._cloud.title}, {self._remedy()}"
        )

    def _remedy(self) -> str:
        package, version = self._cloud.package, self._version
        return (
            f"install the official plugin: `pulumi plugin install resource {package} {version}` puts it into "
            f"$PULUMI_HOME/plugins/resource-{package}-v{version} of an official Pulumi CLI on the PATH"
        )
