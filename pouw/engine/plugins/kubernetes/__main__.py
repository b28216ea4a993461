"""The process: ``python -m pouw.engine.plugins.kubernetes [FLAG...] ENGINE_ADDRESS``."""

from __future__ import annotations

import sys
from importlib import metadata

from pouw.engine.plugins.core import simulation
from pouw.engine.plugins.core.serving import EngineLog, run
from pouw.engine.plugins.kubernetes.rehearsal import RehearsedKubernetes
from pouw.engine.plugins.kubernetes.server import KubernetesProvider


def main(arguments: list[str]) -> None:
    """Serve the engine whose address is the last argument; the logging flags before it are not ours."""
    address = arguments[-1] if arguments and not arguments[-1].startswith("-") else ""
    version, log = metadata.version("pulumi-kubernetes"), EngineLog(address)
    rehearsed = simulation.folder()
    provider = KubernetesProvider(version, log) if rehearsed is None else RehearsedKubernetes(version, log, rehearsed)
    run(provider, ending=provider.cancel)


if __name__ == "__main__":
    main(sys.argv[1:])
