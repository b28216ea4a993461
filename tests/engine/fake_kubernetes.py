"""A provider plugin that plays ``kubernetes`` with files: an object is ``$FAKE_CLUSTER/<namespace>/<name>.json``.

It is slow on purpose before and after it makes an object, so that a kill meets every instant, and it writes down each
create in ``$FAKE_CLUSTER/creates``. Like the real one it names objects that have no name, with a random suffix.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import plugin_pb2, provider_pb2

CLUSTER = Path(os.environ["FAKE_CLUSTER"])
DELAY_S = float(os.environ.get("FAKE_DELAY_S", "0"))


def _struct(content: dict[str, Any]) -> Struct:
    made = Struct()
    made.update(content)
    return made


def _place(object_id: str) -> Path:
    return CLUSTER / f"{object_id}.json"


def _id(inputs: dict[str, Any]) -> str:
    metadata = inputs["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}"


def check(request: Any, context: Any) -> Any:
    """Fill in the namespace and the name; keep the old name."""
    del context
    inputs, olds = MessageToDict(request.news), MessageToDict(request.olds)
    metadata = inputs.setdefault("metadata", {})
    metadata.setdefault("namespace", "default")
    if "name" not in metadata:
        before = olds.get("metadata", {}).get("name")
        metadata["name"] = before or f"{request.urn.rsplit('::', 1)[-1]}-{secrets.token_hex(4)}"
    return provider_pb2.CheckResponse(inputs=_struct(inputs))


def diff(request: Any, context: Any) -> Any:
    """Data decides; another ``immutable`` in it makes a replacement."""
    del context
    old, new = (MessageToDict(one).get("data", {}) for one in (request.old_inputs, request.news))
    changed = ["data"] if old != new else []
    kind = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
    replaced = changed if old.get("immutable") != new.get("immutable") else []
    return provider_pb2.DiffResponse(changes=kind, diffs=changed, replaces=replaced)


def create(request: Any, context: Any) -> Any:
    """Wait, make the object, wait again."""
    del context
    inputs = MessageToDict(request.properties)
    if request.preview:
        return provider_pb2.CreateResponse(properties=request.properties)
    object_id = _id(inputs)
    time.sleep(DELAY_S)
    place = _place(object_id)
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = not place.exists()
    place.write_text(json.dumps(inputs))
    with (CLUSTER / "creates").open("a") as log:
        log.write(f"{'new' if fresh else 'again'} {object_id}\n")
    time.sleep(DELAY_S)
    return provider_pb2.CreateResponse(id=object_id, properties=_struct(inputs))


def read(request: Any, context: Any) -> Any:
    """The object, or nothing."""
    del context
    place = _place(request.id)
    if not place.exists():
        return provider_pb2.ReadResponse()
    content = json.loads(place.read_text())
    return provider_pb2.ReadResponse(id=request.id, properties=_struct(content), inputs=_struct(content))


def update(request: Any, context: Any) -> Any:
    """Write it again."""
    del context
    _place(request.id).write_text(json.dumps(MessageToDict(request.news)))
    return provider_pb2.UpdateResponse(properties=request.news)


def delete(request: Any, context: Any) -> Empty:
    """Remove it."""
    del context
    _place(request.id).unlink(missing_ok=True)
    return Empty()


def serve() -> None:
    """Print a port and serve until the engine closes us."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    table: list[tuple[str, Any, Any]] = [
        ("GetPluginInfo", lambda *_: plugin_pb2.PluginInfo(version="4.34.2"), Empty),
        ("CheckConfig", lambda request, _: provider_pb2.CheckResponse(inputs=request.news), provider_pb2.CheckRequest),
        ("DiffConfig", lambda *_: provider_pb2.DiffResponse(), provider_pb2.DiffRequest),
        (
            "Configure",
            lambda *_: provider_pb2.ConfigureResponse(supportsPreview=True),
            provider_pb2.ConfigureRequest,
        ),
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
