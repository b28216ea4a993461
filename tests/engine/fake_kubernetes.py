"""A provider plugin that simulates ``kubernetes`` with files: an object is ``$FAKE_CLUSTER/<namespace>/<name>.json``.

It writes each create to ``$FAKE_CLUSTER/creates``. At the point that ``FAKE_HOLD`` names it stops all work, and creates
``$FAKE_CLUSTER/reached``, so that a test can kill a run there: ``configure``, ``before create 2``, ``after create 1``,
``read``. Like the real provider it names objects that have no name, with a random suffix.
"""

from __future__ import annotations

import itertools
import json
import os
import secrets
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import plugin_pb2, provider_pb2

CLUSTER = Path(os.environ["FAKE_CLUSTER"])
HOLD = os.environ.get("FAKE_HOLD", "")

_creating = threading.Lock()
_creates = itertools.count(1)


def _reach(point: str) -> None:
    """Stop here until the process is killed, if a test asks for this point."""
    if point == HOLD:
        (CLUSTER / "reached").touch()
        threading.Event().wait()


def _struct(content: dict[str, Any]) -> Struct:
    struct = Struct()
    struct.update(content)
    return struct


def _path(object_id: str) -> Path:
    return CLUSTER / f"{object_id}.json"


def _id(inputs: dict[str, Any]) -> str:
    metadata = inputs["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}"


def check(request: Any, context: Any) -> Any:
    """Add the namespace and the name; keep the old name."""
    del context
    inputs, olds = MessageToDict(request.news), MessageToDict(request.olds)
    metadata = inputs.setdefault("metadata", {})
    metadata.setdefault("namespace", "default")
    if "name" not in metadata:
        earlier = olds.get("metadata", {}).get("name")
        metadata["name"] = earlier or f"{request.urn.rsplit('::', 1)[-1]}-{secrets.token_hex(4)}"
    return provider_pb2.CheckResponse(inputs=_struct(inputs))


def diff(request: Any, context: Any) -> Any:
    """Compare the data; another ``immutable`` in it causes a replacement."""
    del context
    old, new = (MessageToDict(values).get("data", {}) for values in (request.old_inputs, request.news))
    diffs = ["data"] if old != new else []
    kind = provider_pb2.DiffResponse.DIFF_SOME if diffs else provider_pb2.DiffResponse.DIFF_NONE
    replaces = diffs if old.get("immutable") != new.get("immutable") else []
    return provider_pb2.DiffResponse(changes=kind, diffs=diffs, replaces=replaces)


def create(request: Any, context: Any) -> Any:
    """Create the object. Creates follow one another, so that the point where one stops is the state of all."""
    del context
    inputs = MessageToDict(request.properties)
    if request.preview:
        return provider_pb2.CreateResponse(properties=request.properties)
    object_id = _id(inputs)
    with _creating:
        number = next(_creates)
        _reach(f"before create {number}")
        path = _path(object_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not path.exists()
        path.write_text(json.dumps(inputs))
        with (CLUSTER / "creates").open("a") as log:
            log.write(f"{'new' if is_new else 'again'} {object_id}\n")
        _reach(f"after create {number}")
    return provider_pb2.CreateResponse(id=object_id, properties=_struct(inputs))


def read(request: Any, context: Any) -> Any:
    """Return the object, or an empty response."""
    del context
    _reach("read")
    path = _path(request.id)
    if not path.exists():
        return provider_pb2.ReadResponse()
    content = json.loads(path.read_text())
    return provider_pb2.ReadResponse(id=request.id, properties=_struct(content), inputs=_struct(content))


def update(request: Any, context: Any) -> Any:
    """Write the object again."""
    del context
    _path(request.id).write_text(json.dumps(MessageToDict(request.news)))
    return provider_pb2.UpdateResponse(properties=request.news)


def delete(request: Any, context: Any) -> Empty:
    """Remove the object."""
    del context
    _path(request.id).unlink(missing_ok=True)
    return Empty()


def configure(request: Any, context: Any) -> Any:
    """Accept any configuration."""
    del request, context
    _reach("configure")
    return provider_pb2.ConfigureResponse(supportsPreview=True)


def serve() -> None:
    """Print a port and serve until the engine closes the plugin."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    table: list[tuple[str, Any, Any]] = [
        ("GetPluginInfo", lambda *_: plugin_pb2.PluginInfo(version="4.34.2"), Empty),
        ("CheckConfig", lambda request, _: provider_pb2.CheckResponse(inputs=request.news), provider_pb2.CheckRequest),
        ("DiffConfig", lambda *_: provider_pb2.DiffResponse(), provider_pb2.DiffRequest),
        ("Configure", configure, provider_pb2.ConfigureRequest),
        ("Check", check, provider_pb2.CheckRequest),
        ("Diff", diff, provider_pb2.DiffRequest),
        ("Create", create, provider_pb2.CreateRequest),
        ("Read", read, provider_pb2.ReadRequest),
        ("Update", update, provider_pb2.UpdateRequest),
        ("Delete", delete, provider_pb2.DeleteRequest),
        ("Cancel", lambda *_: Empty(), Empty),
    ]
    handlers: dict[str, Any] = {
        name: grpc.unary_unary_rpc_method_handler(
            method,
            request_deserializer=request.FromString,
            response_serializer=lambda message: message.SerializeToString(),
        )
        for name, method, request in table
    }
    server = grpc.server(ThreadPoolExecutor(8))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("pulumirpc.ResourceProvider", handlers)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)  # noqa: T201 - the protocol
    sys.stdin.read()  # the engine holds the other end for as long as it lives
    os._exit(0)


if __name__ == "__main__":
    serve()
