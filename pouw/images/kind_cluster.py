"""Images in a cluster that the user made with kind, loaded by the user's own ``kind`` program."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from infra.faults import Fault
from pouw.errors import ClusterError
from pouw.home import Home


def program(home: Home) -> str | None:
    """Return the path of ``kind``; None if it is not on PATH."""
    return shutil.which("kind", path=home.environment.get("PATH", ""))


def load(archive: Path, cluster: str, *, home: Home) -> None:
    """Load an archive into the kind cluster of that name.

    Raises:
        ClusterError: kind is not installed, or refuses.
    """
    kind = program(home)
    if kind is None:
        raise ClusterError(
            Fault(path="kind", message="is not on PATH", remedy="install kind, or use the embedded cluster")
        )
    command = [kind, "load", "image-archive", str(archive), "--name", cluster]
    result = subprocess.run(command, capture_output=True, text=True, env=dict(home.environment), check=False)
    if result.returncode != 0:
        raise ClusterError(
            Fault(
                path=str(archive),
                message=f"cannot be loaded into the kind cluster {cluster}",
                got=result.stderr.strip()[-400:],
                remedy="choose a cluster that `kind get clusters` lists",
            )
        )
