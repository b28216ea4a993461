"""Build the node image when its content has changed, and keep the newest few."""

from __future__ import annotations

import json
import shutil
import tarfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pouw.image import base as made_base
from pouw.image import buildah, files, inputs, wheels
from pouw.image.archive import read_config, write_reproducible
from pouw.paths import REPOSITORY
from pouw.progress import Progress
from pouw.toolchain import debian
from pouw.toolchain.locks import exclusive

KEPT_ARCHIVES = 4


@dataclass(frozen=True, kw_only=True)
class Image:
    """A built image. ``digest`` is the image id that a container runtime shows; ``archive`` is a docker archive."""

    reference: str
    archive: Path
    digest: str
    size_bytes: int
    built: bool
    """False where the archive was already there."""


def prepare(progress: Progress, repository: Path = REPOSITORY) -> None:
    """Bring the base, the wheels and buildah into the cache: all that takes long. Safe beside any other set-up work.

    Raises:
        ImageError: the base or the wheels cannot be made.
        ToolchainError: buildah cannot be installed.
    """
    files.require_root()
    debian.ensure(buildah.PROGRAMS, progress)
    with exclusive(files.lock()), ThreadPoolExecutor(max_workers=2) as pool:
        made = [pool.submit(made_base.ensure, progress), pool.submit(wheels.ensure, progress, repository)]
        for result in made:
            result.result()


def build(progress: Progress, *, base: str | None = None, repository: Path = REPOSITORY) -> Image:
    """The image of what the tree holds now; built only where no archive of that content is there.

    ``base`` replaces the base made of Debian packages. Two builds at once are serialised; a killed one leaves
    nothing that hinders the next.

    Raises:
        ImageError: not root, no room, a wheel or the base is not to be had, or a step of the Dockerfile failed.
        ToolchainError: buildah cannot be installed.
    """
    reference = inputs.reference(repository, base=base)
    archive = archive_path(reference)
    if (found := present(reference)) is not None:
        return found
    files.require_root()
    if base is None:
        prepare(progress, repository)
    else:
        debian.ensure(buildah.PROGRAMS, progress)
    with exclusive(files.lock()):
        if (found := present(reference)) is not None:
            return found
        files.require_space()
        with progress.step("Node image") as step:
            storage = buildah.Storage(folder=files.folder() / "storage")
            storage.prepare()
            context = files.folder() / "context"
            inputs.lay_out(repository, context, None if base else wheels.ensure(progress, repository))
            origin = base or f"oci-archive:{made_base.ensure(progress)}"
            storage.run(_build_arguments(reference, context, origin, inputs.version(repository)), step)
            step.update("writing the archive")
            pushed, partial = (archive.with_suffix(suffix) for suffix in (".pushed.partial", ".partial"))
            pushed.unlink(missing_ok=True)  # buildah adds to an archive that is there
            storage.run(["push", "--quiet", reference, f"docker-archive:{pushed}:{reference}"])
            write_reproducible(pushed, partial)
            pushed.unlink()
            partial.replace(archive)
            storage.settle()
        prune(archive)
    return _read(reference, archive, built=True)


def archive_path(reference: str) -> Path:
    """Where the archive of ``reference`` is, or will be."""
    return files.folder() / f"node-{reference.rpartition(':')[2]}.tar"


def present(reference: str) -> Image | None:
    """The archive in the cache, where there is one that can be read."""
    try:
        return _read(reference, archive_path(reference), built=False)
    except (FileNotFoundError, tarfile.TarError, KeyError, json.JSONDecodeError):
        return None


def prune(newest: Path, kept: int = KEPT_ARCHIVES) -> list[Path]:
    """Remove all but the ``kept`` newest archives, bases and wheels that no longer fit, and what is half-made.

    ``newest`` always stays. The caller holds the lock of the image folder. Returns what was removed.
    """
    folder = newest.parent
    archives = sorted(
        folder.glob("node-*.tar"), key=lambda path: (path == newest, path.stat().st_mtime_ns), reverse=True
    )
    current = {f"base-{made_base.key()}.tar", f"wheels-{wheels.key()}"}
    outdated = [path for pattern in ("base-*", "wheels-*") for path in folder.glob(pattern) if path.name not in current]
    removed = [*archives[kept:], *outdated, *folder.glob("*.partial")]
    for path in removed:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return removed


def _read(reference: str, archive: Path, *, built: bool) -> Image:
    digest, _ = read_config(archive)
    return Image(reference=reference, archive=archive, digest=digest, size_bytes=archive.stat().st_size, built=built)


def _build_arguments(reference: str, context: Path, origin: str, version: str) -> list[str]:
    return [
        *("build", "--layers", "--format", "docker", "--timestamp", "0", "--identity-label=false", "--no-hosts"),
        *(
            "--build-arg",
            f"BASE={origin}",
            "--build-arg",
            f"VERSION={version}",
            "--build-arg",
            f"REVISION={reference[-16:]}",
        ),
        *("--file", str(context / inputs.DOCKERFILE), "--tag", reference, str(context)),
    ]
