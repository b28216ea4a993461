"""The provider in a rehearsal: objects are records of the simulated cloud, and no cluster is used.

Checks, plans and names are the provider's own. Values of an API server are invented. No pod runs, so there is no wait.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from pouw.engine.plugins.core.errors import ProviderError
from pouw.engine.plugins.core.properties import Value, from_struct, revealed, to_struct
from pouw.engine.plugins.core.provider_server import Log
from pouw.engine.plugins.core.simulation import Record, SimulatedCloud, Transaction
from pouw.engine.plugins.core.urn import Urn
from pouw.engine.plugins.kubernetes import configuration, state
from pouw.engine.plugins.kubernetes.connection import Cluster, Connection, reported_with_kube_errors
from pouw.engine.plugins.kubernetes.normalization import dashed, normal_inputs, pruned, underscored
from pouw.engine.plugins.kubernetes.objects import Object, gvk_of, identifier, metadata, replaced, value_at
from pouw.engine.plugins.kubernetes.server import KubernetesProvider
from pouw.engine.plugins.kubernetes.session import Session
from pouw.kube.errors import KubeconfigError, UnreachableError

_TOKEN: Final = "kubernetes"  # noqa: S105 - the type of its records, not a credential


class NoCluster(Connection):
    """A connection without a cluster."""

    def cluster(self) -> Cluster:
        """Raise UnreachableError."""
        raise UnreachableError("rehearsal", "there is no cluster")


class RehearsedKubernetes(KubernetesProvider):
    """One plugin process over the simulated cloud."""

    def __init__(self, version: str, log: Log, folder: Path) -> None:
        super().__init__(version, log)
        self._store = SimulatedCloud(folder)

    def _make_session(self, settings: configuration.Configuration) -> Session:
        connection = NoCluster(settings, self._cancelled, agent="")
        return Session(configuration=settings, connection=connection, log=self._log, cancelled=self._cancelled)

    # The protocol defines names and signatures.
    # ruff: noqa: N802, ARG002

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        with self._store.transaction() as transaction:
            self._read(transaction, request.urn, request.id)
        return super().Diff(request, context)

    @reported_with_kube_errors
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        if request.preview:
            return super().Create(request, context)
        properties = from_struct(request.properties)
        with self._store.transaction() as transaction:
            transaction.remove_unrecorded(request.urn)
            inputs: Object = dashed(revealed(properties))
            name = identifier(inputs)
            if existing := transaction.get(_token(inputs), self._server_url(), name):
                raise ProviderError(f"{name} exists already in the simulated cloud, made for {existing.urn}")
            record = self._record(request.urn, name, properties, live=_live(inputs, request.urn))
            transaction.save(record)
        return provider_pb2.CreateResponse(id=record.id, properties=to_struct(record.outputs))

    @reported_with_kube_errors
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        if request.preview:
            return super().Update(request, context)
        properties = from_struct(request.news)
        with self._store.transaction() as transaction:
            old = self._read(transaction, request.urn, request.id)
            if old is None:
                raise ProviderError(f"{request.id} is gone from the simulated cloud")
            record = self._record(
                request.urn, old.id, properties, live=_live(dashed(revealed(properties)), request.urn)
            )
            transaction.save(replace(record, in_state=True))
        return provider_pb2.UpdateResponse(properties=to_struct(record.outputs))

    @reported_with_kube_errors
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        properties = from_struct(request.inputs)
        with self._store.transaction() as transaction:
            record = self._read(transaction, request.urn, request.id)
        if record is None:
            return provider_pb2.ReadResponse()
        live = state.parse_state(record.outputs).live
        inputs = pruned(live, normal_inputs(dashed(revealed(properties)))) if properties else live
        inputs_with_secrets = state.with_secrets(underscored(inputs), properties or record.inputs)
        return provider_pb2.ReadResponse(
            id=record.id,
            properties=to_struct({**record.outputs, state.INPUTS: inputs_with_secrets}),
            inputs=to_struct(inputs_with_secrets),
        )

    @reported_with_kube_errors
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        with self._store.transaction() as transaction:
            record = self._read(transaction, request.urn, request.id)
            if record is not None:
                transaction.remove(record)
        return empty_pb2.Empty()

    def _read(self, transaction: Transaction, urn: str, name: str) -> Record | None:
        return transaction.read(_TOKEN + ":" + Urn.parse(urn).type_token.rpartition(":")[2], self._server_url(), name)

    def _record(self, urn: str, name: str, properties: dict[str, Value], *, live: Object) -> Record:
        inputs: Object = dashed(revealed(properties))
        new_state = state.make_state(
            inputs=inputs,
            live=live,
            properties=properties,
            field_manager=state.own_manager(urn),
            initial_api_version=str(inputs.get("apiVersion")),
        )
        return Record(
            token=_token(inputs),
            scope=self._server_url(),
            id=name,
            urn=urn,
            name=None,
            inputs=properties,
            outputs=new_state,
        )

    def _server_url(self) -> str:
        """Return the API server that the kubeconfig names. Each server has its own objects."""
        settings = self._session.configuration
        try:
            loaded = configuration.kubeconfig_of(settings)
        except KubeconfigError:
            return settings.context
        return settings.context if loaded is None else str(loaded.cluster.get("server", ""))


def _token(inputs: Object) -> str:
    return f"{_TOKEN}:{gvk_of(inputs).kind}"


def _live(inputs: Object, urn: str) -> Object:
    """Return the object as an API server would hold it."""
    digest = hashlib.sha256(urn.encode()).hexdigest()
    object_metadata = {
        **metadata(inputs),
        "uid": f"00000000-0000-0000-{digest[:4]}-{digest[4:16]}",
        "resourceVersion": "1",
        "generation": 1,
        "creationTimestamp": "1970-01-01T00:00:00Z",
    }
    live: Object = {**inputs, "metadata": object_metadata}
    if gvk_of(inputs).kind != "Service":
        return live
    address = f"192.0.2.{1 + int(digest[:8], 16) % 254}"
    if value_at(inputs, "spec", "clusterIP") is None and value_at(inputs, "spec", "type") != "ExternalName":
        live = replaced(live, ("spec", "clusterIP"), address)
    if value_at(inputs, "spec", "type") == "LoadBalancer":
        live = {**live, "status": {"loadBalancer": {"ingress": [{"ip": address}]}}}
    return live
