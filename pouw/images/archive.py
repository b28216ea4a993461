"""Image archives: docker archives are written with the same bytes for the same content; their content is read.

An archive holds ``manifest.json`` (one entry per image: configuration, tags, layers), the image configurations and the
layers. The image id is the digest of the configuration. OCI layouts in a tar file are read, too.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from pouw import files
from pouw.images.image_reference import normalized

_EPOCH = "1970-01-01T00:00:00Z"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
"""Names of architectures in image configurations, which are Debian's, by the kernel's names."""
_BUILD_KEYS = ("container", "container_config", "docker_version", "parent")
"""Keys of an image configuration that differ between two builds of one content."""


def write_tree(path: Path, tree: Path, configuration: Mapping[str, object], reference: str) -> None:
    """Write the files below ``tree`` as an image of one layer, in sorted order, without times and user names.

    ``configuration`` is the image configuration without the keys that depend on the layer.
    """
    with tempfile.TemporaryFile(dir=path.parent) as layer:
        _write_layer(layer, tree)
        _write_archive(path, layer, configuration, reference, origin="Debian packages, unpacked")


def write_program(path: Path, program: Path, reference: str, *, user: str = "65535:65535") -> None:
    """Write a static program as an image that holds nothing else, and that runs it as ``user``."""
    content = program.read_bytes()
    entry = tarfile.TarInfo(program.name)
    entry.size, entry.mode = len(content), 0o755
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        tar.addfile(entry, io.BytesIO(content))
    configuration = {
        "architecture": ARCHITECTURES.get(platform.machine(), platform.machine()),
        "config": {"Entrypoint": [f"/{program.name}"], "User": user, "WorkingDir": "/"},
    }
    with files.staged_file(path) as partial:
        _write_archive(partial, layer, configuration, reference, origin=f"the static program {program.name}")


def write_reproducible(source: Path, target: Path) -> None:
    """Copy a docker archive without container ids and host names, so that its image id depends on its content alone."""
    with tarfile.open(source) as archive, tarfile.open(target, "w") as copy:
        manifest = _document(archive, "manifest.json")[0]
        config = _document(archive, manifest["Config"])
        for key in _BUILD_KEYS:
            config.pop(key, None)
        config["config"] |= {"Hostname": "", "Image": ""}
        for entry in config["history"]:
            entry.pop("comment", None)  # names the intermediate image
        encoded = _encoded(config)
        manifest["Config"] = f"{_sha256(encoded)}.json"
        _add(copy, "manifest.json", _encoded([manifest]))
        _add(copy, manifest["Config"], encoded)
        for name in dict.fromkeys(manifest["Layers"]):
            with archive.extractfile(name) or io.BytesIO() as layer:
                member = tarfile.TarInfo(name)
                member.size = archive.getmember(name).size
                copy.addfile(member, layer)


def read_config(path: Path) -> tuple[str, Mapping[str, Any]]:
    """Return the image id (``sha256:…``) and the image configuration of a docker archive.

    Raises:
        tarfile.TarError, KeyError, ValueError: the file is not a docker archive.
    """
    with tarfile.open(path) as archive:
        config = _content(archive, _document(archive, "manifest.json")[0]["Config"])
    return f"sha256:{_sha256(config)}", json.loads(config)


def references(path: Path) -> Sequence[str]:
    """Return the normalized references that a docker or OCI archive gives its images.

    Raises:
        ValueError: it is neither.
    """
    try:
        with tarfile.open(path) as archive:
            names = set(archive.getnames())
            if "manifest.json" in names:
                images = _document(archive, "manifest.json")
                return [normalized(tag) for image in images for tag in image["RepoTags"] or ()]
            if "index.json" in names:
                manifests = _document(archive, "index.json")["manifests"]
                tags = [entry.get("annotations", {}).get("io.containerd.image.name") for entry in manifests]
                return [normalized(tag) for tag in tags if tag]
    except (tarfile.TarError, KeyError, TypeError) as error:
        raise ValueError(str(error)) from error
    raise ValueError("it holds neither manifest.json nor index.json")


def digest(path: Path) -> str:
    """Return the SHA-256 of the archive's bytes, in hex digits. 200 MB take a fifth of a second."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_archive(
    path: Path,
    layer: io.BytesIO | io.BufferedRandom,
    configuration: Mapping[str, object],
    reference: str,
    *,
    origin: str,
) -> None:
    size = layer.tell()
    layer.seek(0)
    layer_digest = hashlib.file_digest(layer, "sha256").hexdigest()
    layer.seek(0)
    config = _encoded(
        {
            "os": "linux",
            "created": _EPOCH,
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_digest}"]},
            "history": [{"created": _EPOCH, "created_by": origin}],
            **configuration,
        }
    )
    layer_entry = tarfile.TarInfo(f"{layer_digest}.tar")
    layer_entry.size = size
    config_name = f"{_sha256(config)}.json"
    manifest = {"Config": config_name, "RepoTags": [reference], "Layers": [layer_entry.name]}
    with tarfile.open(path, "w") as archive:
        _add(archive, "manifest.json", _encoded([manifest]))
        _add(archive, config_name, config)
        archive.addfile(layer_entry, layer)


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
    """Yield everything below ``tree``, parents before children, in an order that depends on the names alone."""
    for path in sorted(tree.iterdir(), key=lambda entry: entry.name):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _entries(path)


def _document(archive: tarfile.TarFile, name: str) -> Any:
    return json.loads(_content(archive, name))


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


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
