"""The engine's protocol messages, without what ``import pulumi`` costs.

The generated modules lie inside the ``pulumi`` package, whose ``__init__`` loads the whole SDK (0.2 s, and every
preview waits for it). The host needs only the messages, so the three packages above them are entered here as bare
packages: same search path, nothing executed. This is for the host's process alone; programs run in their own.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

_BARE_PACKAGES = ("pulumi", "pulumi.runtime", "pulumi.runtime.proto")


def _enter_bare_packages() -> None:
    if "pulumi" in sys.modules:
        return  # somebody paid for the SDK already: use it
    spec = importlib.util.find_spec("pulumi")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the pulumi SDK is not installed beside pouw", name="pulumi")
    root = Path(spec.origin).parent
    for name in _BARE_PACKAGES:
        package = ModuleType(name)
        package.__path__ = [str(root.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = package


if not TYPE_CHECKING:
    _enter_bare_packages()

from pulumi.runtime.proto import language_pb2 as language  # noqa: E402 - the packages have to stand first
from pulumi.runtime.proto import plugin_pb2 as plugin  # noqa: E402

__all__ = ["language", "plugin"]
