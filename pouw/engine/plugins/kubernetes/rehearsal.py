"""The provider in a rehearsal: objects are kept in the simulated cloud, and no cluster is ever asked for.

Checks, plans and names are the provider's own. What an API server would add is made up; nothing runs, so nothing is
waited for.
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
from pouw.engine.plugins.core.properties import Value, from_struct, plain, to_struct
from pouw.engine.plugins.core.serving import Log
from pouw.engine.plugins.core.simulation import Record, SimulatedCloud, Transaction
from pouw.engine.plugins.core.urn import Urn
from pouw.engine.plugins.kubernetes import configuration, state
from pouw.engine.plugins.kubernetes.connection import Cluster, Connection, reported_with_kube_errors
from pouw.engine.plugins.kubernetes.normalization import dashed, normal_inputs, pruned, underscored
from pouw.engine.plugins.kubernetes.objects import Object, at, gvk_of, identifier, metadata, replaced
from pouw.engine.plugins.kubernetes.server import KubernetesProvider
from pouw.engine.plugins.kubernetes.session import Session
from pouw.kube.errors import KubeconfigError, UnreachableError

_TOKEN: Final = "kubernetes"  # noqa: S105 - the type of its records, not a credential


class NoCluster(Connection):
    """A connection that never leaves this process."""

    def cluster(self) -> Cluster:
        """Raises UnreachableError."""
        raise UnreachableError("rehearsal", "there is no cluster")


class RehearsedKubernetes(KubernetesProvider):
    """One plugin process over the simulated cloud."""

    def __init__(self, version: str, log: Log, folder: Path) -> None:
        super().__init__(version, log)
        self._store = SimulatedCloud(folder)

    def _make_session(self, settings: configuration.Configuration) -> Session:
        connection = NoCluster(settings, self._cancelled, agent="")
        return Session(configuration=settings, connection=connection, log=self._log, cancelled=self._cancelled)

    # The protocol's names and signatures are not ours to choose.
    # ruff: noqa: N802, ARG002

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        with self._store.transaction() as held:
            self._read(held, request.urn, request.id)
        return super().Diff(request, context)

    @reported_with_kube_errors
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        if request.preview:
            return super().Create(request, context)
        asked = from_struct(request.properties)
        with self._store.transaction() as held:
            held.remove_unrecorded(request.urn)
            inputs: Object = dashed(plain(asked))
            name = identifier(inputs)
            if taken := held.get(_token(inputs), self._place(), name):
                raise ProviderError(f"{name} exists already in the simulated cloud, made for {taken.urn}")
            record = self._record(request.urn, name, asked, live=_live(inputs, request.urn))
            held.put(record)
        return provider_pb2.CreateResponse(id=record.id, properties=to_struct(record.outputs))

    @reported_with_kube_errors
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        if request.preview:
            return super().Update(request, context)
        asked = from_struct(request.news)
        with self._store.transaction() as held:
            old = self._read(held, request.urn, request.id)
            if old is None:
                raise ProviderError(f"{request.id} is gone from the simulated cloud")
            record = self._record(request.urn, old.id, asked, live=_live(dashed(plain(asked)), request.urn))
            held.put(replace(record, in_state=True))
        return provider_pb2.UpdateResponse(properties=to_struct(record.outputs))

    @reported_with_kube_errors
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        asked = from_struct(request.inputs)
        with self._store.transaction() as held:
            found = self._read(held, request.urn, request.id)
        if found is None:
            return provider_pb2.ReadResponse()
        live = state.parse_state(found.outputs).live
        inputs = pruned(live, normal_inputs(dashed(plain(asked)))) if asked else live
        marked = state.with_secrets(underscored(inputs), asked or found.inputs)
        return provider_pb2.ReadResponse(
            id=found.id,
            properties=to_struct({**found.outputs, state.INPUTS: marked}),
            inputs=to_struct(marked),
        )

    @reported_with_kube_errors
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        with self._store.transaction() as held:
            found = self._read(held, request.urn, request.id)
            if found is not None:
                held.remove(found)
        return empty_pb2.Empty()

    def _read(self, held: Transaction, urn: str, name: str) -> Record | None:
        return held.read(_TOKEN + ":" + Urn.parse(urn).type_token.rpartition(":")[2], self._place(), name)

    def _record(self, urn: str, name: str, asked: dict[str, Value], *, live: Object) -> Record:
        inputs: Object = dashed(plain(asked))
        made = state.make_state(
            inputs=inputs,
            live=live,
            asked=asked,
            field_manager=state.own_manager(urn),
            initial_api_version=str(inputs.get("apiVersion")),
        )
        return Record(
            token=_token(inputs), scope=self._place(), id=name, urn=urn, name=None, inputs=asked, outputs=made
        )

    def _place(self) -> str:
        """The API server that the kubeconfig names: each has objects of its own."""
        settings = self._session.configuration
        try:
            loaded = configuration.kubeconfig_of(settings)
        except KubeconfigError:
            return settings.context
        return settings.context if loaded is None else str(loaded.cluster.get("server", ""))


def _token(inputs: Object) -> str:
    return f"{_TOKEN}:{gvk_of(inputs).kind}"


def _live(inputs: Object, urn: str) -> Object:
    """The object as an API server would hold it."""
    digest = hashlib.sha256(urn.encode()).hexdigest()
    about = {
        **metadata(inputs),
        "uid": f"00000000-0000-0000-{digest[:4]}-{digest[4:16]}",
        "resourceVersion": "1",
        "generation": 1,
        "creationTimestamp": "1970-01-01T00:00:00Z",
    }
    live: Object = {**inputs, "metadata": about}
    if gvk_of(inputs).kind != "Service":
        return live
    address = f"192.0.2.{1 + int(digest[:8], 16) % 254}"
    if at(inputs, "spec", "clusterIP") is None and at(inputs, "spec", "type") != "ExternalName":
        live = replaced(live, ("spec", "clusterIP"), address)
    if at(inputs, "spec", "type") == "LoadBalancer":
        live = {**live, "status": {"loadBalancer": {"ingress": [{"ip": address}]}}}
    return live
