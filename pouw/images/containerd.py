"""Images in a containerd of this machine, without a registry."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.faults import Fault
from pouw import files, poll
from pouw.errors import ClusterError
from pouw.images import archive
from pouw.images.image_reference import normalized
from pouw.progress import Progress

_VISIBLE_SECONDS = 15.0
_INTERVAL_SECONDS = 0.05
_MANAGED = "io.cri-containerd.image=managed"
"""The label that the runtime puts on an image once pods can use it."""


@dataclass(frozen=True, kw_only=True)
class StoredImage:
    """An image that the runtime holds. Pods can use it once it is ``usable``."""

    digest: str
    usable: bool


@dataclass(frozen=True, kw_only=True)
class ContainerdStore:
    """The image store of one containerd, reached through its ``ctr`` program and its socket.

    ``record`` is the file that remembers the archive of each image, so that an unchanged archive is not imported again.
    """

    ctr: Path
    socket: Path
    record: Path
    namespace: str = "k8s.io"

    def load(self, path: Path, reference: str, progress: Progress) -> None:
        """Import the docker or OCI archive at ``path`` so that pods can use it as ``reference``.

        Loading the same archive again costs its hash.

        Raises:
            ClusterError: containerd does not run, or the archive does not hold the image.
        """
        name = normalized(reference)
        if not path.is_file():
            raise _fault(path, "is not a file", got="no file")
        content = archive.digest(path)
        image = self._images().get(name)
        if image is not None and image.usable and self._loaded().get(name) == f"{content} {image.digest}":
            return
        source = _source(path, name)
        with progress.step(f"Loading {reference} into the cluster"):
            self._run("images", "import", "--local", str(path))
            if source != name:
                self._run("images", "tag", "--force", source, name)
            image = self._wait_usable(name)
        self._remember(name, f"{content} {image.digest}")

    def holds(self, reference: str) -> bool:
        """True if pods can use ``reference`` now. A containerd that does not run holds nothing."""
        try:
            image = self._images().get(normalized(reference))
        except ClusterError:
            return False
        return image is not None and image.usable

    def _images(self) -> Mapping[str, StoredImage]:
        return parse_listing(self._run("images", "ls"))

    def _wait_usable(self, name: str) -> StoredImage:
        image = None
        for _ in poll.attempts(_VISIBLE_SECONDS, interval_seconds=_INTERVAL_SECONDS):
            image = self._images().get(name)
            if image is not None and image.usable:
                return image
        raise _fault(Path(name), "was imported, and the container runtime does not offer it", got=str(image))

    def _loaded(self) -> dict[str, str]:
        """Return the archive of each image. A lost record is empty, which costs one more import."""
        try:
            document = json.loads(self.record.read_text())
        except (OSError, ValueError):
            return {}
        return document if isinstance(document, dict) else {}

    def _remember(self, name: str, value: str) -> None:
        files.write_private(self.record, json.dumps({**self._loaded(), name: value}, indent=1))

    def _run(self, *arguments: str) -> str:
        if not self.ctr.exists() or not self.socket.exists():
            raise ClusterError(Fault(path="cluster", message="is not running", remedy="start it with: pouw cluster up"))
        command = [str(self.ctr), "--address", str(self.socket), "--namespace", self.namespace, *arguments]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            raise ClusterError(
                Fault(
                    path="containerd",
                    message=f"ctr {' '.join(arguments[:2])} failed",
                    got=result.stderr.strip()[-400:],
                    remedy="see its log: pouw cluster logs containerd",
                )
            )
        return result.stdout


def parse_listing(text: str) -> dict[str, StoredImage]:
    """Return the table that ``ctr images ls`` prints, by the images' names."""
    images = {}
    for line in text.splitlines()[1:]:
        fields = re.split(r"\s+", line.strip())
        digest = next((field for field in fields if field.startswith("sha256:")), "")
        if digest:
            images[fields[0]] = StoredImage(digest=digest, usable=_MANAGED in fields[-1])
    return images


def _source(path: Path, name: str) -> str:
    """Return the name of the image in the archive at ``path`` that is to be known as ``name``."""
    try:
        names = archive.references(path)
    except ValueError as error:
        raise _fault(path, "is not an image archive", got=str(error)) from error
    if name in names:
        return name
    if len(names) != 1:
        raise _fault(path, f"does not hold the image {name}", got=", ".join(names) or "no image")
    return names[0]


def _fault(path: Path, message: str, *, got: str) -> ClusterError:
    return ClusterError(
        Fault(
            path=str(path),
            message=message,
            got=got,
            expected="an archive made by docker save, buildah or an OCI layout",
        )
    )
