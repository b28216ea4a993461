"""Debian's buildah with a storage of its own; the user's containers storage is never opened.

Each run has its own mount and process namespaces, and dies with its parent: a killed build leaves no mount and no
process. A storage that it leaves half-written carries a mark, and the next run makes a new one.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.faults import Fault
from pouw.home import Home
from pouw.images.errors import ImageError
from pouw.progress import Step

PROGRAMS = {"buildah": "buildah", "setpriv": "util-linux", "unshare": "util-linux"}
_ISOLATED = (
    *("setpriv", "--pdeathsig", "KILL"),
    *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
)
_LAST_LINES = 12
_MOST_LAYERS = 400


@contextmanager
def open_storage(folder: Path, *, home: Home) -> Iterator[Storage]:
    """Open the storage at ``folder``. The caller holds the lock of the image folder.

    The storage is a cache. One that an interrupted run left, or that has grown past its bound, is replaced.
    """
    mark = folder / "in-use"
    if mark.exists() or _layers(folder) > _MOST_LAYERS:
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    mark.touch()
    storage = Storage(folder=folder, home=home)
    try:
        yield storage
    except ImageError:
        # The build failed and buildah was not killed, so its layers are complete.
        mark.unlink()
        raise
    mark.unlink()


@dataclass(frozen=True, kw_only=True)
class Storage:
    """The layers of buildah, and the environment that it runs in."""

    folder: Path
    home: Home

    def run(self, arguments: Sequence[str], step: Step | None = None) -> str:
        """Run one buildah command and return its output; each line is a note of ``step``.

        Raises:
            ImageError: it failed; the fault has its last lines.
        """
        command = [*_ISOLATED, "buildah", *self._options(), *arguments]
        lines: list[str] = []
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self._environment()
        ) as process:
            for line in process.stdout or ():
                lines.append(line.rstrip())
                if step is not None:
                    step.update(lines[-1][:100])
        if process.returncode != 0:
            raise _fault(arguments[0], lines, process.returncode)
        return "\n".join(lines)

    def _options(self) -> list[str]:
        options = {"root": self.folder / "layers", "runroot": self.folder / "run", "storage-driver": "overlay"}
        return [f"--{name}={value}" for name, value in options.items()]

    def _environment(self) -> dict[str, str]:
        scratch = self.folder / "tmp"
        scratch.mkdir(exist_ok=True)
        return {**self.home.environment, "BUILDAH_ISOLATION": "chroot", "TMPDIR": str(scratch), "LC_ALL": "C"}


def _layers(folder: Path) -> int:
    layers = folder / "layers/overlay"
    return len(list(layers.iterdir())) if layers.exists() else 0


def _fault(action: str, lines: Sequence[str], code: int) -> ImageError:
    output = "\n".join(lines[-_LAST_LINES:])
    is_unprivileged = "unshare failed" in output or "operation not permitted" in output.lower()
    return ImageError(
        Fault(
            path=f"buildah {action}",
            message=f"failed with exit code {code}",
            got=output,
            remedy="this machine does not let root make mounts (a container without CAP_SYS_ADMIN?): build elsewhere, "
            "or with your own engine: docker build -f Dockerfile.production ."
            if is_unprivileged
            else "",
        )
    )
