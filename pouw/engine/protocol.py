"""The engine's protocol messages without what ``import pulumi`` costs, for processes that speak it and run no program.

The generated modules lie inside the ``pulumi`` package, whose ``__init__`` loads the whole SDK: a tenth of a second for
each plugin and language host of a run. Such a process enters the three packages above them as bare packages first: same
search path, nothing executed. ``pulumi.runtime.proto`` is then imported as anywhere, and nothing else of the SDK works.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

_PACKAGES = ("pulumi", "pulumi.runtime", "pulumi.runtime.proto")


def enter_without_the_sdk() -> None:
    """Register the three packages as bare packages. Only a process's ``__main__`` calls it, before any other import.

    Raises:
        ModuleNotFoundError: the SDK is not installed.
    """
    spec = importlib.util.find_spec("pulumi")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the pulumi SDK is not installed beside pouw", name="pulumi")
    root = Path(spec.origin).parent
    for name in _PACKAGES:
        package = ModuleType(name)
        package.__path__ = [str(root.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = package
