"""The process: ``python -m pouw.engine.plugins.offline PACKAGE VERSION [FLAG...] ENGINE_ADDRESS``."""

from __future__ import annotations

import sys

from pouw.engine.protocol import enter_without_the_sdk


def main(arguments: list[str]) -> None:
    """Serve PACKAGE to the engine whose address is the last argument. The logging flags between them are ignored."""
    enter_without_the_sdk()
    from pouw.engine.plugins.core.provider_server import EngineLog, run
    from pouw.engine.plugins.offline import clouds
    from pouw.engine.plugins.offline.server import OfflineProvider

    package, version, *flags = arguments
    address = flags[-1] if flags and not flags[-1].startswith("-") else ""
    run(OfflineProvider(clouds.load(package), version, EngineLog(address)), ending=lambda: None)


if __name__ == "__main__":
    main(sys.argv[1:])
