from __future__ import annotations

import subprocess
import sys

import pytest

_ENTERED = """
import sys
from importlib import import_module
from pouw.engine.protocol import enter_without_the_sdk

enter_without_the_sdk()
for name in sys.argv[1:]:
    import_module(name)
from pulumi.runtime.proto import provider_pb2

print(provider_pb2.CheckRequest(urn="some").urn, "pulumi.resource" in sys.modules)
"""


@pytest.mark.parametrize(
    "modules",
    [
        ("pouw.engine.language.server",),
        ("pouw.engine.plugins.kubernetes.server", "pouw.engine.plugins.kubernetes.rehearsal"),
        ("pouw.engine.plugins.offline.server", "pouw.engine.plugins.offline.clouds.aws"),
    ],
    ids=lambda modules: modules[0].split(".")[-2],
)
def test_a_process_of_the_protocol_loads_only_the_messages_of_the_sdk(modules: tuple[str, ...]) -> None:
    output = subprocess.run(
        [sys.executable, "-c", _ENTERED, *modules], capture_output=True, text=True, check=True, timeout=60
    )
    assert output.stdout.split() == ["some", "False"]
