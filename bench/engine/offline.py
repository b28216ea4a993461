"""Cost of an offline plugin: ``python -m bench.engine.offline``.

- the start: a plugin's process from its start until it prints its port, against a provider without methods;
- the calls: Check and a preview's Create of one resource over gRPC, against the same calls of a provider that gives
  back what it gets, with the same message;
- the first look: the first Check of a resource type, which reads the SDK's sources, against importing its class.

Runs alternate, and medians are compared, so that a busy machine bends all alike.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib import metadata
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from pouw.engine.plugins.core.properties import to_struct
from pouw.engine.plugins.core.provider_server import EngineLog, run, start
from pouw.engine.plugins.core.sdk_types import Sdk
from pouw.engine.plugins.offline import clouds
from pouw.engine.plugins.offline.server import OfflineProvider

STARTS = 7
CALLS = 300
RESOURCES: Mapping[str, tuple[str, str, str, Mapping[str, Any]]] = {
    "aws": (
        "aws:eks/cluster:Cluster",
        "pulumi_aws.eks.cluster",
        "Cluster",
        {
            "name": "some",
            "roleArn": "arn:aws:iam::123456789012:role/some",
            "vpcConfig": {"subnetIds": ["subnet-1", "subnet-2", "subnet-3"], "endpointPrivateAccess": True},
            "accessConfig": {"authenticationMode": "API"},
            "enabledClusterLogTypes": ["api", "audit"],
            "tags": {f"tag{number}": "value" for number in range(8)},
        },
    ),
    "azure-native": (
        "azure-native:storage:StorageAccount",
        "pulumi_azure_native.storage.storage_account",
        "StorageAccount",
        {
            "resourceGroupName": "some",
            "accountName": "some",
            "kind": "StorageV2",
            "sku": {"name": "Standard_ZRS"},
            "tags": {f"tag{number}": "value" for number in range(8)},
        },
    ),
    "gcp": (
        "gcp:container/cluster:Cluster",
        "pulumi_gcp.container.cluster",
        "Cluster",
        {
            "name": "some",
            "location": "europe-west1",
            "network": "some",
            "releaseChannel": {"channel": "STABLE"},
            "resourceLabels": {f"tag{number}": "value" for number in range(8)},
        },
    ),
}


class Echo(provider_pb2_grpc.ResourceProviderServicer):
    """Gives back what it gets."""

    # ruff: noqa: N802
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        del context
        return provider_pb2.CheckResponse(inputs=request.news)

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        del context
        return provider_pb2.CreateResponse(properties=request.properties)


def main() -> None:
    """Measure and print."""
    calls = {package: _calls(package, token, inputs) for package, (token, _, _, inputs) in RESOURCES.items()}
    first = {package: _first(package, token, module, name) for package, (token, module, name, _) in RESOURCES.items()}
    print(json.dumps({"starts": _starts(), "calls": calls, "first": first}, indent=2))


def _starts() -> Mapping[str, float]:
    echo, embedded = [], []
    for _ in range(STARTS):
        echo.append(_start("bench.engine.offline", "--echo"))
        embedded.append(_start("pouw.engine.plugins.offline", "aws", metadata.version("pulumi-aws")))
    return _compared(echo, embedded)


def _start(*program: str) -> float:
    start = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", *program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    assert process.stdin is not None
    process.stdout.readline()
    took = time.monotonic() - start
    process.stdin.close()
    process.wait()
    return took


def _calls(package: str, token: str, inputs: Mapping[str, Any]) -> Mapping[str, float]:
    provider = OfflineProvider(clouds.load(package), metadata.version(f"pulumi-{package}"), EngineLog(""))
    servers = [start(servicer) for servicer in (Echo(), provider)]
    channels = [grpc.insecure_channel(f"127.0.0.1:{port}") for _, port in servers]
    stubs = [provider_pb2_grpc.ResourceProviderStub(channel) for channel in channels]
    times: list[list[float]] = [[], []]
    for _ in range(CALLS):
        for stub, took in zip(stubs, times, strict=True):
            took.append(_timed(partial(_register, stub, token, inputs)))
    for server, _ in servers:
        server.stop(None)
    return _compared(*times)


def _register(stub: Any, token: str, inputs: Mapping[str, Any]) -> None:
    urn = f"urn:pulumi:dev::bench::{token}::some"
    response = stub.Check(provider_pb2.CheckRequest(urn=urn, news=to_struct(inputs)))
    assert not response.failures
    stub.Create(provider_pb2.CreateRequest(urn=urn, properties=response.inputs, preview=True))


def _first(package: str, token: str, module: str, name: str) -> Mapping[str, float]:
    read = _timed(lambda: Sdk(f"pulumi_{package.replace('-', '_')}").resource(token))
    code = f"import time; t = time.monotonic(); from {module} import {name}; print(time.monotonic() - t)"
    imported = float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    return {"import_ms": _ms(imported), "ours_ms": _ms(read), "ratio": round(read / imported, 4)}


def _timed(work: Callable[[], object]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


def _compared(floor: list[float], embedded: list[float]) -> Mapping[str, float]:
    low, high = statistics.median(floor), statistics.median(embedded)
    return {"floor_ms": _ms(low), "ours_ms": _ms(high), "ratio": round(high / low, 2)}


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)


if __name__ == "__main__":
    if sys.argv[1:] == ["--echo"]:
        run(Echo(), ending=lambda: None)
    main()
