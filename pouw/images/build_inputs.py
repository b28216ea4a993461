"""What goes into the images, and the tags that are made of it.

The context of a build is laid out from the same list that is hashed, so nothing can enter the image unnoticed, and a
tree that has not changed has the same reference.
"""

from __future__ import annotations

import hashlib
import shutil
import tomllib
from collections.abc import Iterable
from pathlib import Path

from infra.faults import Fault
from pouw.images import debian_root, wheels
from pouw.images.errors import ImageError
from pouw.images.root_contents import BALANCER, BASE
from pouw.paths import REPOSITORY

KINDS = ("node", "balancer")
"""The images of a site: the node, built by ``Dockerfile.production``; HAProxy, packages of the distribution alone."""

REGISTRY = "pouw.local"
"""A name that nothing serves, so that nothing is ever pulled in the place of what was built."""

DOCKERFILE = "Dockerfile.production"
_FILES = (DOCKERFILE, "pouw/images/assemble.py", *(f"requirements/{lock}" for lock in wheels.LOCKS))
_TREE = "node"


def sources(repository: Path = REPOSITORY) -> list[Path]:
    """The files of the build context, relative to the checkout and sorted.

    Raises:
        ImageError: one that is named does not exist.
    """
    missing = [name for name in (*_FILES, _TREE) if not (repository / name).exists()]
    if missing:
        raise ImageError(
            Fault(
                path=str(repository / missing[0]),
                message="the image is built of this file, and it does not exist",
                remedy="restore it: git checkout -- " + " ".join(missing),
            )
        )
    tree = (path.relative_to(repository) for path in (repository / _TREE).rglob("*") if path.is_file())
    return sorted([*map(Path, _FILES), *(path for path in tree if _belongs(path))])


def reference(kind: str = "node", *, base: str | None = None, repository: Path = REPOSITORY) -> str:
    """``pouw.local/<kind>:<16 hex digits>``, of the content that goes in. Reads files only: milliseconds, no network.

    ``base`` is the image that the user builds the node on; its name is hashed, so name it by digest where its tag may
    move.
    """
    tag = debian_root.key(BALANCER) if kind == "balancer" else content_hash(repository, base=base)
    return f"{REGISTRY}/{kind}:{tag}"


def content_hash(repository: Path, *, base: str | None) -> str:
    """Of what the node image is made of: names, contents, base, platform and build arguments. 16 hex digits."""
    origin = f"image {base}" if base else f"base {debian_root.key(BASE)} wheels {wheels.key(repository)}"
    facts = [origin, debian_root.architecture(), version(repository)]
    facts += [f"{_digest(repository / path)} {path.as_posix()}" for path in sources(repository)]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


def content_tag(base: str | None, *, repository: Path = REPOSITORY) -> str:
    """Tag of a node image that an engine builds of the checkout for a registry; see :func:`content_hash`."""
    return content_hash(repository, base=base)


def version(repository: Path) -> str:
    """The project's version; the one thing of ``pyproject.toml`` that the image depends on."""
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def lay_out(repository: Path, context: Path, wheel_folder: Path | None) -> None:
    """Make ``context`` hold the sources, and the wheels where there are any. What was there before is removed."""
    shutil.rmtree(context, ignore_errors=True)
    for path in sources(repository):
        _place(repository / path, context / path)
    for wheel in sorted(wheel_folder.iterdir()) if wheel_folder else ():
        _place(wheel, context / "requirements/wheels" / wheel.name)


def _belongs(path: Path) -> bool:
    return path.suffix != ".pyc" and not _hidden(path.parts) and "__pycache__" not in path.parts


def _hidden(parts: Iterable[str]) -> bool:
    return any(part.startswith(".") for part in parts)


def _place(source: Path, target: Path) -> None:
    """With one mode whatever the checkout's umask, so that layers are the same everywhere."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o644)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
