"""Builds of images whose content has changed, and the removal of old ones."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from pouw import files, locks
from pouw.home import Home
from pouw.images import build_inputs, buildah, debian_root, image_folder, wheels
from pouw.images.archive import read_config, write_reproducible
from pouw.images.kinds import Kind
from pouw.images.root_contents import BALANCER, BASE
from pouw.paths import REPOSITORY
from pouw.progress import Progress
from pouw.toolchain import debian

KEPT_ARCHIVES = 4
_BASE_REFERENCE = f"{build_inputs.REGISTRY}/base:made"


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image in the cache. ``digest`` is the image id that a container runtime shows."""

    kind: Kind
    reference: str
    archive: Path
    """A docker archive."""
    digest: str
    size_bytes: int
    is_new: bool
    """True if this call built it, False if its archive was in the cache."""


def build(
    progress: Progress,
    *,
    home: Home,
    kind: Kind = Kind.NODE,
    base: str | None = None,
    repository: Path = REPOSITORY,
) -> Image:
    """Return an image of the tree's present content; build it if the cache has none.

    ``base`` replaces the node image's base of Debian packages. Builds wait for each other, and a killed build does not
    hinder the next one.

    Raises:
        ImageError: not root, no room, a wheel or the base is not available, or a step of the Dockerfile failed.
        ToolchainError: buildah cannot be installed.
    """
    reference = build_inputs.reference(kind, base=base, repository=repository)
    if (image := find_cached(kind, reference, home=home)) is not None:
        return image
    if kind is Kind.BALANCER:
        with _lock(home, progress):
            debian_root.ensure(BALANCER, reference, progress, home=home)
    else:
        _prepare(progress, home=home, base=base, repository=repository)
        with _lock(home, progress):
            if (image := find_cached(kind, reference, home=home)) is not None:
                return image
            image_folder.require_space(home)
            _build_node(reference, base, repository, progress, home)
    with _lock(home, progress):
        archive = archive_path(reference, home=home)
        prune(keep=archive, repository=repository)
        return _read(kind, reference, archive, is_new=True)


def archive_path(reference: str, *, home: Home) -> Path:
    """Return the path of the archive of ``reference``, which need not exist yet."""
    name, _, tag = reference.rpartition("/")[2].partition(":")
    return image_folder.folder(home) / f"{name}-{tag}.tar"


def find_cached(kind: Kind, reference: str, *, home: Home) -> Image | None:
    """Return the image of ``reference``; None if the cache has no readable archive of it."""
    try:
        return _read(kind, reference, archive_path(reference, home=home), is_new=False)
    except (FileNotFoundError, tarfile.TarError, KeyError, json.JSONDecodeError):
        return None


def prune(*, keep: Path, repository: Path = REPOSITORY) -> list[Path]:
    """Remove and return older node archives, and roots and wheels of other inputs.

    ``keep`` always stays. Leftovers of killed builds are removed, too. The caller holds the lock of the image folder.
    """
    folder = keep.parent
    current = {debian_root.archive_name(root) for root in (BASE, BALANCER)} | {f"wheels-{wheels.key(repository)}"}
    inputs = [path for pattern in ("base-*.tar", "balancer-*.tar", "wheels-*") for path in folder.glob(pattern)]
    outdated = [path for path in inputs if path.name not in current and path != keep]
    removed = [*surplus(folder.glob("node-*.tar"), keep), *outdated]
    for path in dict.fromkeys(removed):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    files.remove_leftovers(folder)
    return removed


def surplus(archives: Iterable[Path], keep: Path) -> list[Path]:
    """Return all archives except the newest ``KEPT_ARCHIVES``, of which ``keep`` counts as the newest."""
    ordered = sorted(archives, key=lambda path: (path == keep, path.stat().st_mtime_ns), reverse=True)
    return ordered[KEPT_ARCHIVES:]


def _lock(home: Home, progress: Progress) -> AbstractContextManager[object]:
    return locks.hold(image_folder.lock(home), operation="image build", progress=progress)


def _prepare(progress: Progress, *, home: Home, base: str | None, repository: Path) -> None:
    """Bring the slow parts of a build into the cache: buildah, the base and the wheels."""
    image_folder.require_root()
    debian.ensure(buildah.PROGRAMS, progress, home=home)
    if base is not None:
        return
    with _lock(home, progress), ThreadPoolExecutor(max_workers=2) as pool:
        root = pool.submit(debian_root.ensure, BASE, _BASE_REFERENCE, progress, home=home)
        wheel_folder = pool.submit(wheels.ensure, progress, home=home, repository=repository)
        root.result()
        wheel_folder.result()


def _build_node(reference: str, base: str | None, repository: Path, progress: Progress, home: Home) -> None:
    archive = archive_path(reference, home=home)
    wheel_folder = None if base else wheels.ensure(progress, home=home, repository=repository)
    origin = base or f"docker-archive:{debian_root.ensure(BASE, _BASE_REFERENCE, progress, home=home)}"
    context = image_folder.folder(home) / "context"
    build_inputs.lay_out(repository, context, wheel_folder)
    with (
        progress.step("Node image") as step,
        buildah.open_storage(image_folder.folder(home) / "storage", home=home) as storage,
    ):
        storage.run(_build_arguments(reference, context, origin, build_inputs.version(repository)), step)
        step.update("writing the archive")
        pushed = context / "pushed.tar"
        storage.run(["push", "--quiet", reference, f"docker-archive:{pushed}:{reference}"])
        with files.staged_file(archive) as partial:
            write_reproducible(pushed, partial)
    shutil.rmtree(context)


def _read(kind: Kind, reference: str, archive: Path, *, is_new: bool) -> Image:
    digest, _ = read_config(archive)
    size = archive.stat().st_size
    return Image(kind=kind, reference=reference, archive=archive, digest=digest, size_bytes=size, is_new=is_new)


def _build_arguments(reference: str, context: Path, origin: str, version: str) -> list[str]:
    tag = reference.rpartition(":")[2]
    return [
        *("build", "--layers", "--format", "docker", "--timestamp", "0", "--identity-label=false", "--no-hosts"),
        *("--build-arg", f"BASE={origin}", "--build-arg", f"VERSION={version}", "--build-arg", f"REVISION={tag}"),
        *("--file", str(context / build_inputs.DOCKERFILE), "--tag", reference, str(context)),
    ]
