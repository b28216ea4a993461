"""The engine's protocol: each method parses a request, calls the operation and returns its message."""

from __future__ import annotations

from typing import Any, Final

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from pouw.engine.plugins.core.cancellation import Cancellation
from pouw.engine.plugins.core.errors import ProviderError
from pouw.engine.plugins.core.messages import difference, failures, naming
from pouw.engine.plugins.core.properties import from_struct, revealed, to_struct
from pouw.engine.plugins.core.provider_server import EngineLog, Log
from pouw.engine.plugins.core.urn import Urn
from pouw.engine.plugins.kubernetes import configuration, creation, deletion, input_checks, lookup, update
from pouw.engine.plugins.kubernetes.connection import Connection, reported_with_kube_errors
from pouw.engine.plugins.kubernetes.diff import Mutability, plan
from pouw.engine.plugins.kubernetes.normalization import dashed
from pouw.engine.plugins.kubernetes.objects import gvk_of
from pouw.engine.plugins.kubernetes.session import Session
from pouw.engine.plugins.kubernetes.state import parse_state

_SCHEMA: Final = '{"name": "kubernetes", "version": "%s", "resources": {}, "functions": {}}'


class KubernetesProvider(provider_pb2_grpc.ResourceProviderServicer):
    """One plugin process. The engine starts one per provider resource, so each has one configuration."""

    def __init__(self, version: str, log: Log) -> None:
        self._version = version
        self._log = log
        self._cancelled = Cancellation()
        self._session = self._make_session(configuration.Configuration())

    def cancel(self) -> None:
        """End every wait."""
        self._cancelled.set()

    def close(self) -> None:
        """End every wait and close the connections."""
        self.cancel()
        self._session.connection.close()

    def _make_session(self, settings: configuration.Configuration) -> Session:
        agent = f"pulumi-kubernetes/{self._version}"
        connection = Connection(settings, self._cancelled, agent=agent)
        return Session(configuration=settings, connection=connection, log=self._log, cancelled=self._cancelled)

    # The protocol defines names and signatures.
    # ruff: noqa: N802, ARG002

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, accept_resources=False, accept_outputs=False, supports_autonaming_configuration=True
        )

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._log = EngineLog(request.address)
        self._session = self._make_session(self._session.configuration)
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        return plugin_pb2.PluginInfo(version=self._version)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.GetSchemaResponse(schema=_SCHEMA % self._version)

    def GetMapping(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.GetMappingResponse()

    def GetMappings(self, request: Any, context: grpc.ServicerContext) -> Any:
        return provider_pb2.GetMappingsResponse()

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        result = configuration.faults(from_struct(request.news))
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures(request.urn, result))

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        result = configuration.difference(from_struct(request.olds), from_struct(request.news))
        changes = provider_pb2.DiffResponse.DIFF_SOME if result.differs else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=changes, diffs=result.differs, replaces=result.replaces)

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        self._session = self._make_session(configuration.read(request.variables))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    @reported_with_kube_errors
    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        raise ProviderError(
            f"{request.tok}: this provider has no functions; "
            "Helm, Kustomize and YAML need the official kubernetes plugin"
        )

    @reported_with_kube_errors
    def Construct(self, request: Any, context: grpc.ServicerContext) -> Any:
        raise ProviderError(f"{request.type}: components of this package need the official kubernetes plugin")

    @reported_with_kube_errors
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        urn = Urn.parse(request.urn)
        check = input_checks.check(
            self._session, urn, from_struct(request.news), from_struct(request.olds), naming(request)
        )
        return provider_pb2.CheckResponse(inputs=to_struct(check.inputs), failures=failures(request.urn, check.faults))

    @reported_with_kube_errors
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        old = parse_state(from_struct(request.olds))
        news = dashed(revealed(from_struct(request.news)))
        settings = self._session.configuration
        result = plan(
            old_inputs=old.inputs,
            live=old.live,
            news=news,
            namespaced=self._session.connection.namespaced(gvk_of(news)),
            mutability=Mutability(config_maps=settings.mutable_config_maps, secrets=settings.mutable_secrets),
            ignored=list(request.ignoreChanges),
        )
        return difference(result.changes, delete_before_replace=result.delete_before_replace)

    @reported_with_kube_errors
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        properties = from_struct(request.properties)
        if request.preview:
            created = creation.preview_create(self._session, request.urn, properties)
        else:
            created = creation.create(self._session, request.urn, properties, request.timeout)
        return provider_pb2.CreateResponse(id=created.identifier, properties=to_struct(created.state))

    @reported_with_kube_errors
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        olds, properties = from_struct(request.properties), from_struct(request.inputs)
        result = lookup.read(self._session, Urn.parse(request.urn), request.id, olds, properties)
        if result is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=result.identifier, properties=to_struct(result.state), inputs=to_struct(result.inputs)
        )

    @reported_with_kube_errors
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        old, properties = parse_state(from_struct(request.olds)), from_struct(request.news)
        ignored = list(request.ignoreChanges)
        if request.preview:
            state = update.preview_update(self._session, request.urn, old, properties, ignored)
        else:
            state = update.update(self._session, request.urn, old, properties, ignored=ignored, timeout=request.timeout)
        return provider_pb2.UpdateResponse(properties=to_struct(state))

    @reported_with_kube_errors
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        old = parse_state(from_struct(request.properties))
        deletion.delete(self._session, Urn.parse(request.urn), request.id, old, request.timeout)
        return empty_pb2.Empty()

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        self.cancel()
        return empty_pb2.Empty()
