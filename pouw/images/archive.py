"""Image archives: docker archives, written so that the same content has the same bytes, and read."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

_EPOCH = "1970-01-01T00:00:00Z"


def write_docker_archive(path: Path, tree: Path, configuration: Mapping[str, object], reference: str) -> None:
    """Write ``tree`` as an image of one layer. Entries are sorted and carry no time and no user names.

    ``configuration`` is the image configuration less what follows from the layer.
    """
    with tempfile.TemporaryFile(dir=path.parent) as layer:
        _write_layer(layer, tree)
        size = layer.tell()
        layer.seek(0)
        digest = hashlib.file_digest(layer, "sha256").hexdigest()
        layer.seek(0)
        config = _encoded(
            {
                "os": "linux",
                "created": _EPOCH,
                "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
                "history": [{"created": _EPOCH, "created_by": "Debian packages, unpacked"}],
                **configuration,
            }
        )
        layer_entry = tarfile.TarInfo(f"{digest}.tar")
        layer_entry.size = size
        config_name = f"{_digest(config)}.json"
        manifest = {"Config": config_name, "RepoTags": [reference], "Layers": [layer_entry.name]}
        with tarfile.open(path, "w") as archive:
            _add(archive, "manifest.json", _encoded([manifest]))
            _add(archive, config_name, config)
            archive.addfile(layer_entry, layer)


def read_config(path: Path) -> tuple[str, Mapping[str, Any]]:
    """Digest and content of the image configuration in a docker archive.

    The digest names the image to the container runtime (its image id). Raises ``tarfile.TarError``, ``KeyError`` or
    ``ValueError`` where the file is no such archive.
    """
    with tarfile.open(path) as archive:
        manifest = json.loads(_content(archive, "manifest.json"))
        config = _content(archive, manifest[0]["Config"])
    return f"sha256:{_digest(config)}", json.loads(config)


def write_reproducible(source: Path, target: Path) -> None:
    """Copy a docker archive less what differs between two builds of one content: ids of containers, host names.

    The layers are taken as they are; the image id becomes a function of the content.
    """
    with tarfile.open(source) as archive, tarfile.open(target, "w") as out:
        manifest = json.loads(_content(archive, "manifest.json"))[0]
        config = json.loads(_content(archive, manifest["Config"]))
        for name in ("container", "container_config", "docker_version", "parent"):
            config.pop(name, None)
        config["config"] |= {"Hostname": "", "Image": ""}
        for entry in config["history"]:
            entry.pop("comment", None)  # names the intermediate image
        encoded = _encoded(config)
        manifest["Config"] = f"{_digest(encoded)}.json"
        _add(out, "manifest.json", _encoded([manifest]))
        _add(out, manifest["Config"], encoded)
        for name in dict.fromkeys(manifest["Layers"]):
            with archive.extractfile(name) or io.BytesIO() as layer:
                copied = tarfile.TarInfo(name)
                copied.size = archive.getmember(name).size
                out.addfile(copied, layer)


def _write_layer(out: IO[bytes], tree: Path) -> None:
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as layer:
        for path in _entries(tree):
            entry = layer.gettarinfo(path, arcname=str(path.relative_to(tree)))
            entry.mtime = 0
            entry.uname = entry.gname = ""
            if entry.isreg():
                with path.open("rb") as content:
                    layer.addfile(entry, content)
            else:
                layer.addfile(entry)


def _entries(tree: Path) -> Iterator[Path]:
    """Everything below ``tree``, parents before children, in an order that depends on the names alone."""
    for path in sorted(tree.iterdir(), key=lambda entry: entry.name):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _entries(path)


def _content(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.extractfile(name)
    if member is None:
        raise KeyError(name)
    with member:
        return member.read()


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def _encoded(document: object) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
