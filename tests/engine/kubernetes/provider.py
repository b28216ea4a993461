"""The engine's side of the protocol, as tests call a provider."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from pouw.engine.plugins.core.properties import Value, from_struct, to_struct
from pouw.engine.plugins.core.provider_server import Severity, start
from pouw.engine.plugins.kubernetes.server import KubernetesProvider


@dataclass
class RecordedLog:
    """Messages that the user would have read."""

    lines: list[tuple[Severity, str]] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)

    def line(self, severity: Severity, text: str, urn: str) -> None:
        del urn
        self.lines.append((severity, text))

    def status(self, text: str, urn: str, *, severity: Severity = Severity.INFO) -> None:
        del urn, severity
        self.statuses.append(text)

    @property
    def warnings(self) -> str:
        return "\n".join(text for severity, text in self.lines if severity is Severity.WARNING)


class FailedError(Exception):
    """A failed call, with the resource's state if it left one."""

    def __init__(self, error: Any) -> None:
        super().__init__(error.details())
        self.partial: provider_pb2.ErrorResourceInitFailed | None = None
        details = dict(error.trailing_metadata() or ()).get("grpc-status-details-bin")
        if details is not None:
            status = status_pb2.Status.FromString(details)
            self.partial = provider_pb2.ErrorResourceInitFailed()
            status.details[0].Unpack(self.partial)

    @property
    def state(self) -> dict[str, Value]:
        assert self.partial is not None
        return from_struct(self.partial.properties)

    @property
    def reasons(self) -> str:
        assert self.partial is not None
        return "\n".join(self.partial.reasons)


@dataclass(frozen=True)
class Resource:
    """A resource as the engine keeps it."""

    id: str
    urn: str
    inputs: dict[str, Value]
    state: dict[str, Value]


class Provider:
    """A provider behind a gRPC server. Calls raise :class:`FailedError`."""

    def __init__(self, stub: provider_pb2_grpc.ResourceProviderStub, log: RecordedLog) -> None:
        self._stub = stub
        self.log = log

    def call(self, method: str, **fields: Any) -> Any:
        kind = {"CheckConfig": "Check", "DiffConfig": "Diff"}.get(method, method)
        request = getattr(provider_pb2, f"{kind}Request")(**fields)
        try:
            return getattr(self._stub, method)(request, timeout=60)
        except grpc.RpcError as error:
            raise FailedError(error) from None

    def cancel(self) -> None:
        from google.protobuf import empty_pb2

        self._stub.Cancel(empty_pb2.Empty(), timeout=10)

    def check(
        self, urn: str, news: Mapping[str, Value], olds: Mapping[str, Value] | None = None
    ) -> tuple[dict[str, Value], list[str]]:
        answer = self.call("Check", urn=urn, news=to_struct(news), olds=to_struct(olds or {}))
        return from_struct(answer.inputs), [failure.reason for failure in answer.failures]

    def create(self, urn: str, news: Mapping[str, Value], *, preview: bool = False, timeout: float = 30) -> Resource:
        """Check and create, as the engine does."""
        inputs, faults = self.check(urn, news)
        assert not faults, faults
        answer = self.call("Create", urn=urn, properties=to_struct(inputs), preview=preview, timeout=timeout)
        return Resource(id=answer.id, urn=urn, inputs=inputs, state=from_struct(answer.properties))

    def diff(self, resource: Resource, news: Mapping[str, Value], ignored: tuple[str, ...] = ()) -> Any:
        inputs, faults = self.check(resource.urn, news, resource.inputs)
        assert not faults, faults
        return self.call(
            "Diff",
            id=resource.id,
            urn=resource.urn,
            olds=to_struct(resource.state),
            old_inputs=to_struct(resource.inputs),
            news=to_struct(inputs),
            ignoreChanges=ignored,
        )

    def update(
        self,
        resource: Resource,
        news: Mapping[str, Value],
        *,
        preview: bool = False,
        timeout: float = 30,
        ignored: tuple[str, ...] = (),
    ) -> Resource:
        inputs, faults = self.check(resource.urn, news, resource.inputs)
        assert not faults, faults
        answer = self.call(
            "Update",
            id=resource.id,
            urn=resource.urn,
            olds=to_struct(resource.state),
            news=to_struct(inputs),
            preview=preview,
            timeout=timeout,
            ignoreChanges=ignored,
        )
        return Resource(id=resource.id, urn=resource.urn, inputs=inputs, state=from_struct(answer.properties))

    def read(
        self, urn: str, identifier: str, *, state: Mapping[str, Value] | None = None, inputs: Any = None
    ) -> Resource | None:
        answer = self.call(
            "Read", id=identifier, urn=urn, properties=to_struct(state or {}), inputs=to_struct(inputs or {})
        )
        if not answer.id:
            return None
        return Resource(id=answer.id, urn=urn, inputs=from_struct(answer.inputs), state=from_struct(answer.properties))

    def delete(self, resource: Resource, *, timeout: float = 30) -> None:
        self.call("Delete", id=resource.id, urn=resource.urn, properties=to_struct(resource.state), timeout=timeout)


def urn(token: str, name: str, stack: str = "dev") -> str:
    return f"urn:pulumi:{stack}::tests::{token}::{name}"


@contextlib.contextmanager
def serving(settings: Mapping[str, str]) -> Iterator[Provider]:
    """Start a provider with a configuration, behind a real server."""
    log = RecordedLog()
    servicer = KubernetesProvider("4.34.2", log)
    server, port = start(servicer)
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    provider = Provider(provider_pb2_grpc.ResourceProviderStub(channel), log)
    try:
        provider.call("Configure", variables={f"kubernetes:config:{key}": text for key, text in settings.items()})
        yield provider
    finally:
        servicer.cancel()
        channel.close()
        server.stop(None).wait()
        servicer.close()
