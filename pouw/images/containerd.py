"""Images into the cluster, without a registry."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.faults import Fault
from pouw.cluster.layout import Layout, layout
from pouw.errors import ClusterError
from pouw.files import write_private
from pouw.home import Home
from pouw.images import program_archive
from pouw.progress import Progress
from pouw.toolchain import programs

_VISIBLE_SECONDS = 15.0
_ASK_SECONDS = 0.05
_MANAGED = "io.cri-containerd.image=managed"
"""The runtime puts this on an image once pods can use it."""


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image that the runtime holds."""

    digest: str
    usable: bool


def load(archive: Path, reference: str, progress: Progress) -> None:
    """Import a docker or OCI archive so that pods can use it as ``reference``. The same archive again costs a hash.

    Raises:
        ClusterError: no cluster, or no such image in the archive.
    """
    at, name = layout(), program_archive.normalized(reference)
    if not archive.is_file():
        raise _fault(archive, "is not a file", got="nothing there")
    content = program_archive.digest(archive)
    held = _images(at)
    if name in held and held[name].usable and _loaded(at).get(name) == f"{content} {held[name].digest}":
        return
    try:
        given = program_archive.references(archive)
    except ValueError as error:
        raise _fault(archive, "is not an image archive", got=str(error)) from error
    if name not in given and len(given) != 1:
        raise _fault(archive, f"holds no image {name}", got=", ".join(given) or "no image")
    source = name if name in given else given[0]
    with progress.step(f"Loading {reference} into the cluster"):
        _ctr(at, "images", "import", "--local", str(archive))
        if source != name:
            _ctr(at, "images", "tag", "--force", source, name)
        image = _wait_usable(at, name)
    _remember(at, name, f"{content} {image.digest}")


def present(reference: str) -> bool:
    """Whether pods can use ``reference`` now. No running cluster has no image."""
    try:
        image = _images(layout()).get(program_archive.normalized(reference))
    except ClusterError:
        return False
    return image is not None and image.usable


def load_kind(archive: Path, cluster_name: str) -> None:
    """Load an archive into a cluster that the user made with kind.

    Raises:
        ClusterError: kind is not there, or refuses.
    """
    kind = shutil.which("kind")
    if kind is None:
        raise ClusterError(
            Fault(path="kind", message="is not on PATH", remedy="install kind, or use the embedded cluster")
        )
    done = subprocess.run(
        [kind, "load", "image-archive", str(archive), "--name", cluster_name],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ClusterError(
            Fault(
                path=str(archive),
                message=f"cannot be loaded into the kind cluster {cluster_name}",
                got=done.stderr.strip()[-400:],
                remedy="`kind get clusters` lists the clusters there are",
            )
        )


def _images(at: Layout) -> Mapping[str, Image]:
    return parse_listing(_ctr(at, "images", "ls"))


def parse_listing(text: str) -> dict[str, Image]:
    """The table of ``ctr images ls`` as ``{name: Image}``."""
    found = {}
    for line in text.splitlines()[1:]:
        fields = re.split(r"\s+", line.strip())
        digest = next((field for field in fields if field.startswith("sha256:")), "")
        if digest:
            found[fields[0]] = Image(digest=digest, usable=_MANAGED in fields[-1])
    return found


def _wait_usable(at: Layout, name: str) -> Image:
    deadline = time.monotonic() + _VISIBLE_SECONDS
    while True:
        image = _images(at).get(name)
        if image is not None and image.usable:
            return image
        if time.monotonic() > deadline:
            raise _fault(Path(name), "was imported, and the container runtime does not offer it", got=str(image))
        time.sleep(_ASK_SECONDS)


def _record(at: Layout) -> Path:
    return at.root / "images.json"


def _loaded(at: Layout) -> dict[str, str]:
    """Which archive each image came from; unknown when the record is lost, which costs one more import."""
    try:
        value = json.loads(_record(at).read_text())
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _remember(at: Layout, name: str, value: str) -> None:
    write_private(_record(at), json.dumps({**_loaded(at), name: value}, indent=1))


def _ctr(at: Layout, *arguments: str) -> str:
    ctr = programs.location("ctr", home=Home.from_environment(os.environ))
    if not ctr.exists() or not at.containerd_socket.exists():
        raise ClusterError(Fault(path="cluster", message="is not running", remedy="start it with: pouw cluster up"))
    command = [str(ctr), "--address", str(at.containerd_socket), "--namespace", "k8s.io", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ClusterError(
            Fault(
                path="containerd",
                message=f"ctr {' '.join(arguments[:2])} failed",
                got=done.stderr.strip()[-400:],
                remedy="pouw cluster logs containerd",
            )
        )
    return done.stdout


def _fault(path: Path, message: str, *, got: str) -> ClusterError:
    return ClusterError(
        Fault(
            path=str(path),
            message=message,
            got=got,
            expected="an archive made by docker save, buildah or an OCI layout",
        )
    )
