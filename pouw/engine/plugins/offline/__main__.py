"""The process: ``python -m pouw.engine.plugins.offline PACKAGE [FLAG...] ENGINE_ADDRESS``."""

from __future__ import annotations

import sys
from importlib import metadata

from pouw.engine.plugins.core.serving import EngineLog, run
from pouw.engine.plugins.offline import clouds
from pouw.engine.plugins.offline.server import OfflineProvider


def main(arguments: list[str]) -> None:
    """Serve PACKAGE to the engine whose address is the last argument; the logging flags between are not ours."""
    package, *rest = arguments
    address = rest[-1] if rest and not rest[-1].startswith("-") else ""
    provider = OfflineProvider(clouds.load(package), metadata.version(f"pulumi-{package}"), EngineLog(address))
    run(provider, ending=lambda: None)


if __name__ == "__main__":
    main(sys.argv[1:])
