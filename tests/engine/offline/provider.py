"""An offline provider behind its gRPC interface."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from importlib import metadata

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from pouw.engine.plugins.core.properties import Value, to_struct
from pouw.engine.plugins.core.provider_server import start
from pouw.engine.plugins.offline import clouds
from pouw.engine.plugins.offline.server import OfflineProvider
from tests.engine.kubernetes.provider import Provider, RecordedLog

SETTINGS: Mapping[str, Mapping[str, Value]] = {
    "aws": {"region": "eu-west-1", "defaultTags": '{"tags": {"owner": "pouw"}}'},
    "azure-native": {"location": "westeurope"},
    "gcp": {"project": "some-project", "region": "europe-west1"},
    "docker": {},
}


@contextlib.contextmanager
def serving(package: str) -> Iterator[Provider]:
    """Start the provider of a package, configured with :data:`SETTINGS`."""
    log = RecordedLog()
    servicer = OfflineProvider(clouds.load(package), metadata.version(f"pulumi-{package}"), log)
    server, port = start(servicer)
    channel = grpc.insecure_channel(f"127.0.0.1:{port}")
    provider = Provider(provider_pb2_grpc.ResourceProviderStub(channel), log)
    try:
        provider.call("Configure", args=to_struct(SETTINGS[package]))
        yield provider
    finally:
        channel.close()
        server.stop(None).wait()
