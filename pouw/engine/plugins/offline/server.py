"""The provider's side of the engine's protocol: messages in, messages out, everything else elsewhere."""

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
from pouw.engine.plugins.core.properties import Value, from_struct, plain, to_struct
from pouw.engine.plugins.core.sdk_types import ResourceType, Sdk
from pouw.engine.plugins.core.serving import EngineLog, Log
from pouw.engine.plugins.core.simulation import SimulatedCloud
from pouw.engine.plugins.core.urn import Urn
from pouw.engine.plugins.offline.checking import Checker
from pouw.engine.plugins.offline.cloud import Cloud
from pouw.engine.plugins.offline.diff import plan
from pouw.engine.plugins.offline.outputs import Outputs
from pouw.engine.plugins.offline.rehearsal import Rehearsal
from pouw.engine.plugins.offline.settings import Settings, decoded

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
        place = simulation.folder()
        self._store = SimulatedCloud(place) if place is not None else None

    @property
    def _rehearsal(self) -> Rehearsal | None:
        """The simulated cloud, when this run is a rehearsal."""
        if self._store is None:
            return None
        return Rehearsal(
            cloud=self._cloud, sdk=self._sdk, outputs=self._outputs, store=self._store, settings=self._settings
        )

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

    @reported
    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        found = self._checker.check_provider(from_struct(request.news))
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures(found))

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        old, new = plain(from_struct(request.old_inputs)), plain(from_struct(request.news))
        found = changes(old, new)
        some = provider_pb2.DiffResponse.DIFF_SOME if found else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=some, diffs=sorted({str(change.path[0]) for change in found}))

    @reported
    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        properties = self._checker.described(f"pulumi:providers:{self._cloud.package}").inputs
        self._settings = self._cloud.settings(decoded(from_struct(request.args), properties))
        if self._store is not None:
            self._settings = replace(self._settings, account=self._cloud.nobody)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    @reported
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

    @reported
    def Call(self, request: Any, context: grpc.ServicerContext) -> Any:
        raise ProviderError(f"{request.tok}: methods of resources need {self._cloud.title} itself; {self._remedy()}")

    @reported
    def Construct(self, request: Any, context: grpc.ServicerContext) -> Any:
        raise ProviderError(f"{request.type}: components of this package need its official plugin; {self._remedy()}")

    @reported
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        urn = Urn.parse(request.urn)
        news, olds = from_struct(request.news), from_struct(request.olds)
        checked = self._checker.check(urn.type_token, news, olds, naming(request), self._settings)
        return provider_pb2.CheckResponse(inputs=to_struct(checked.inputs), failures=failures(checked.faults))

    @reported
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        _, described = self._subject(request)
        old, new = from_struct(request.old_inputs), from_struct(request.news)
        if self._rehearsal is not None:
            self._rehearsal.read(described, request.id, from_struct(request.olds))
        found = plan(self._cloud, described, old, new, list(request.ignoreChanges))
        return difference(found.changes, delete_before_replace=found.delete_before_replace, inputs=True)

    @reported
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        urn, described = self._subject(request)
        inputs = from_struct(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(id="", properties=to_struct(self._planned(described, inputs)))
        if self._rehearsal is None:
            raise self._refusal("created", urn)
        made = self._rehearsal.create(urn, described, inputs)
        return provider_pb2.CreateResponse(id=made.id, properties=to_struct(made.outputs))

    @reported
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        urn, described = self._subject(request)
        inputs = from_struct(request.news)
        if request.preview:
            state = self._planned(described, inputs, from_struct(request.olds))
            return provider_pb2.UpdateResponse(properties=to_struct(state))
        if self._rehearsal is None:
            raise self._refusal("changed", urn)
        changed = self._rehearsal.update(urn, described, request.id, inputs)
        return provider_pb2.UpdateResponse(properties=to_struct(changed.outputs))

    @reported
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        urn, described = self._subject(request)
        if self._rehearsal is None:
            raise self._refusal("read", urn)
        found = self._rehearsal.read(described, request.id, from_struct(request.properties))
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=found.id, properties=to_struct(found.outputs), inputs=to_struct(found.inputs)
        )

    @reported
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        urn, described = self._subject(request)
        if self._rehearsal is None:
            raise self._refusal("deleted", urn)
        self._rehearsal.delete(urn, described, request.id, from_struct(request.properties))
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        return empty_pb2.Empty()

    def _subject(self, request: Any) -> tuple[Urn, ResourceType]:
        urn = Urn.parse(request.urn)
        return urn, self._checker.described(urn.type_token)

    def _planned(
        self, described: ResourceType, inputs: Mapping[str, Value], olds: Mapping[str, Value] | None = None
    ) -> dict[str, Value]:
        facts = self._cloud.facts_of(described.token)
        return self._outputs.planned(described, inputs, facts, tags=self._settings.tags, olds=olds)

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
