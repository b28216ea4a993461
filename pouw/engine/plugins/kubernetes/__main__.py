"""The process: ``python -m pouw.engine.plugins.kubernetes VERSION [FLAG...] ENGINE_ADDRESS``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pouw.engine.protocol import enter_without_the_sdk

if TYPE_CHECKING:
    from pouw.engine.plugins.core.provider_server import Log
    from pouw.engine.plugins.kubernetes.server import KubernetesProvider


def main(arguments: list[str]) -> None:
    """Serve the engine whose address is the last argument. The engine's logging flags before it are ignored."""
    enter_without_the_sdk()
    from pouw.engine.plugins.core.provider_server import EngineLog, run

    version, *remaining = arguments
    address = remaining[-1] if remaining and not remaining[-1].startswith("-") else ""
    provider = _provider(version, EngineLog(address))
    run(provider, ending=provider.cancel)


def _provider(version: str, log: Log) -> KubernetesProvider:
    from pouw.engine.plugins.core import simulation

    if (rehearsed := simulation.folder()) is not None:
        from pouw.engine.plugins.kubernetes.rehearsal import RehearsedKubernetes

        return RehearsedKubernetes(version, log, rehearsed)
    from pouw.engine.plugins.kubernetes.server import KubernetesProvider

    return KubernetesProvider(version, log)


if __name__ == "__main__":
    main(sys.argv[1:])
