"""The inputs of the images, and the tags that are computed from them.

The context of a build is laid out from the same list that is hashed, so every file of an image is part of its tag, and
an unchanged tree has an unchanged reference.
"""

from __future__ import annotations

import hashlib
import shutil
import tomllib
from pathlib import Path

from infra.faults import Fault
from pouw.images import debian_root, wheels
from pouw.images.errors import ImageError
from pouw.images.kinds import Kind
from pouw.images.root_contents import BALANCER, BASE
from pouw.paths import REPOSITORY

REGISTRY = "pouw.local"
"""A host that serves nothing, so that an image that was built here is never replaced by one that is pulled."""

DOCKERFILE = "Dockerfile.production"
_FILES = (DOCKERFILE, "pouw/images/assemble.py", *(f"requirements/{lock}" for lock in wheels.LOCKS))
_TREE = "node"


def sources(repository: Path = REPOSITORY) -> list[Path]:
    """Return the files of the build context, relative to the checkout and sorted.

    Raises:
        ImageError: one of them does not exist.
    """
    missing = [name for name in (*_FILES, _TREE) if not (repository / name).exists()]
    if missing:
        raise ImageError(
            Fault(
                path=str(repository / missing[0]),
                message="does not exist, and the node image is built from it",
                remedy="restore it: git checkout -- " + " ".join(missing),
            )
        )
    tree = (path.relative_to(repository) for path in (repository / _TREE).rglob("*") if path.is_file())
    return sorted([*map(Path, _FILES), *(path for path in tree if _belongs(path))])


def reference(kind: Kind = Kind.NODE, *, base: str | None = None, repository: Path = REPOSITORY) -> str:
    """Return ``pouw.local/<kind>:<16 hex digits>`` of the image's inputs. Reads files only, in milliseconds.

    ``base`` is the image that the user builds the node on. Only its name is hashed, so give a digest if its tag may
    move.
    """
    tag = debian_root.key(BALANCER) if kind is Kind.BALANCER else content_tag(base, repository=repository)
    return f"{REGISTRY}/{kind}:{tag}"


def content_tag(base: str | None, *, repository: Path = REPOSITORY) -> str:
    """Return the tag of a node image: 16 hex digits of its files, base, platform and build arguments."""
    origin = f"image {base}" if base else f"base {debian_root.key(BASE)} wheels {wheels.key(repository)}"
    facts = [origin, debian_root.architecture(), version(repository)]
    facts += [f"{_digest(repository / path)} {path.as_posix()}" for path in sources(repository)]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


def version(repository: Path) -> str:
    """Return the project's version, the only part of ``pyproject.toml`` that the image depends on."""
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def lay_out(repository: Path, context: Path, wheel_folder: Path | None) -> None:
    """Copy the sources, and the wheels if there are any, into ``context``. Its earlier content is removed."""
    shutil.rmtree(context, ignore_errors=True)
    for path in sources(repository):
        _copy(repository / path, context / path)
    for wheel in sorted(wheel_folder.iterdir()) if wheel_folder else ():
        _copy(wheel, context / "requirements/wheels" / wheel.name)


def _belongs(path: Path) -> bool:
    return path.suffix != ".pyc" and not any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def _copy(source: Path, target: Path) -> None:
    """Copy a file with one mode, whatever the checkout's umask, so that layers are the same everywhere."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o644)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
