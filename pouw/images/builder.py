"""Build an image when its content has changed, and keep the newest few."""

from __future__ import annotations

import json
import os
import shutil
import tarfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pouw import locks
from pouw.home import Home
from pouw.images import build_inputs, buildah, debian_root, image_folder, wheels
from pouw.images.archive import read_config, write_reproducible
from pouw.images.root_contents import BALANCER, BASE
from pouw.paths import REPOSITORY
from pouw.progress import Progress
from pouw.toolchain import debian

KEPT_ARCHIVES = 4
_BASE_REFERENCE = f"{build_inputs.REGISTRY}/base:made"


@dataclass(frozen=True, kw_only=True)
class Image:
    """A built image. ``digest`` is the image id that a container runtime shows; ``archive`` is a docker archive."""

    kind: str
    reference: str
    archive: Path
    digest: str
    size_bytes: int
    built: bool
    """False where the archive was already there."""


def prepare(progress: Progress, *, base: str | None = None, repository: Path = REPOSITORY) -> None:
    """Bring buildah, the base and the wheels into the cache: all that takes long. Safe beside any other set-up work.

    Raises:
        ImageError: the base or the wheels cannot be made.
        ToolchainError: buildah cannot be installed.
    """
    image_folder.require_root()
    debian.ensure(buildah.PROGRAMS, progress, home=Home.from_environment(os.environ))
    if base is not None:
        return
    with locks.hold(image_folder.lock(), operation="image build"), ThreadPoolExecutor(max_workers=2) as pool:
        made = pool.submit(debian_root.ensure, BASE, _BASE_REFERENCE, progress)
        fetched = pool.submit(wheels.ensure, progress, repository)
        made.result()
        fetched.result()


def build(progress: Progress, *, kind: str = "node", base: str | None = None, repository: Path = REPOSITORY) -> Image:
    """An image of what the tree holds now; built only where no archive of that content is there.

    ``base`` replaces the base of the node image that is made of Debian packages. Two builds at once are serialised; a
    killed one leaves nothing that hinders the next.

    Raises:
        ImageError: not root, no room, a wheel or the base is not to be had, or a step of the Dockerfile failed.
        ToolchainError: buildah cannot be installed.
    """
    reference = build_inputs.reference(kind, base=base, repository=repository)
    if (found := present(kind, reference)) is not None:
        return found
    if kind == "balancer":
        with locks.hold(image_folder.lock(), operation="image build"):
            debian_root.ensure(BALANCER, reference, progress)
    else:
        prepare(progress, base=base, repository=repository)
        with locks.hold(image_folder.lock(), operation="image build"):
            if (found := present(kind, reference)) is not None:
                return found
            image_folder.require_space()
            _build_node(reference, base, repository, progress)
    with locks.hold(image_folder.lock(), operation="image build"):
        archive = archive_path(reference)
        prune(keep=archive, repository=repository)
        return _read(kind, reference, archive, built=True)


def archive_path(reference: str) -> Path:
    """Where the archive of ``reference`` is, or will be."""
    name, _, tag = reference.rpartition("/")[2].partition(":")
    return image_folder.folder() / f"{name}-{tag}.tar"


def present(kind: str, reference: str) -> Image | None:
    """The archive in the cache, where there is one that can be read."""
    try:
        return _read(kind, reference, archive_path(reference), built=False)
    except (FileNotFoundError, tarfile.TarError, KeyError, json.JSONDecodeError):
        return None


def prune(*, keep: Path, repository: Path = REPOSITORY) -> list[Path]:
    """Remove older node archives, roots and wheels that no longer fit, and what interrupted runs left.

    ``keep`` always stays. The caller holds the lock of the image folder. Returns what was removed.
    """
    folder = keep.parent
    current = {debian_root.archive_name(root) for root in (BASE, BALANCER)} | {f"wheels-{wheels.key(repository)}"}
    outdated = [path for made in ("base-*.tar", "balancer-*.tar", "wheels-*") for path in folder.glob(made)]
    removed = [
        *older(folder.glob("node-*.tar"), keep),
        *(path for path in outdated if path.name not in current and path != keep),
        *folder.glob("*.partial"),
    ]
    for path in dict.fromkeys(removed):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return removed


def older(archives: Iterable[Path], keep: Path) -> list[Path]:
    """All but the newest ``KEPT_ARCHIVES``, of which ``keep`` counts as the newest."""
    ordered = sorted(archives, key=lambda path: (path == keep, path.stat().st_mtime_ns), reverse=True)
    return ordered[KEPT_ARCHIVES:]


def _build_node(reference: str, base: str | None, repository: Path, progress: Progress) -> None:
    archive = archive_path(reference)
    wheel_folder = None if base else wheels.ensure(progress, repository)
    origin = base or f"docker-archive:{debian_root.ensure(BASE, _BASE_REFERENCE, progress)}"
    context = image_folder.folder() / "context"
    build_inputs.lay_out(repository, context, wheel_folder)
    with progress.step("Node image") as step, buildah.opened(image_folder.folder() / "storage") as image_storage:
        image_storage.run(_build_arguments(reference, context, origin, build_inputs.version(repository)), step)
        step.update("writing the archive")
        pushed, partial = (archive.with_suffix(suffix) for suffix in (".pushed.partial", ".partial"))
        pushed.unlink(missing_ok=True)  # buildah adds to an archive that is there
        image_storage.run(["push", "--quiet", reference, f"docker-archive:{pushed}:{reference}"])
        write_reproducible(pushed, partial)
        pushed.unlink()
        partial.replace(archive)
    shutil.rmtree(context)


def _read(kind: str, reference: str, archive: Path, *, built: bool) -> Image:
    digest, _ = read_config(archive)
    size = archive.stat().st_size
    return Image(kind=kind, reference=reference, archive=archive, digest=digest, size_bytes=size, built=built)


def _build_arguments(reference: str, context: Path, origin: str, version: str) -> list[str]:
    tag = reference.rpartition(":")[2]
    return [
        *("build", "--layers", "--format", "docker", "--timestamp", "0", "--identity-label=false", "--no-hosts"),
        *("--build-arg", f"BASE={origin}", "--build-arg", f"VERSION={version}", "--build-arg", f"REVISION={tag}"),
        *("--file", str(context / build_inputs.DOCKERFILE), "--tag", reference, str(context)),
    ]
