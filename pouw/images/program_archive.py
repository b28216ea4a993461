"""Image archives: a minimal one made from a static program, and the digest that tells archives apart."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_LAYER = "application/vnd.oci.image.layer.v1.tar"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def from_program(program: Path, reference: str, target: Path, *, user: str = "65535:65535") -> None:
    """Write an OCI archive to ``target``: one layer that holds ``program`` alone. Same program, same bytes."""
    name = program.name
    layer = _tar({name: program.read_bytes()}, mode=0o755)
    config = {
        "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine()),
        "os": "linux",
        "config": {"Entrypoint": [f"/{name}"], "User": user, "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
    }
    config_bytes = json.dumps(config, sort_keys=True).encode()
    manifest_bytes = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": _descriptor(_CONFIG, config_bytes),
            "layers": [_descriptor(_LAYER, layer)],
        },
        sort_keys=True,
    ).encode()
    annotated = {
        **_descriptor(_MANIFEST, manifest_bytes),
        "annotations": {
            "io.containerd.image.name": reference,
            "org.opencontainers.image.ref.name": reference.rpartition(":")[2],
        },
    }
    index = {"schemaVersion": 2, "manifests": [annotated]}
    entries = {
        "oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
        "index.json": json.dumps(index, sort_keys=True).encode(),
        **{f"blobs/sha256/{_digest(blob)[7:]}": blob for blob in (layer, config_bytes, manifest_bytes)},
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    partial.write_bytes(_tar(entries, mode=0o644))
    partial.replace(target)


def digest(archive: Path) -> str:
    """Of the archive's bytes; 200 MB take a fifth of a second."""
    with archive.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def normalized(reference: str) -> str:
    """The full name under which a runtime knows an image: ``a/b`` is ``docker.io/a/b:latest``."""
    name, at, fixed = reference.partition("@")
    first, slash, rest = name.partition("/")
    if not slash:
        name = f"docker.io/library/{name}"
    elif not ("." in first or ":" in first or first == "localhost"):
        name = f"docker.io/{first}/{rest}"
    if not at and ":" not in name.rpartition("/")[2]:
        name += ":latest"
    return name + at + fixed


def references(archive: Path) -> Sequence[str]:
    """The normalized names that a docker or OCI archive gives its images.

    Raises:
        ValueError: it is neither.
    """
    try:
        with tarfile.open(archive) as tar:
            names = set(tar.getnames())
            if "manifest.json" in names:
                return [normalized(tag) for image in _member(tar, "manifest.json") for tag in image["RepoTags"] or ()]
            if "index.json" in names:
                manifests = _member(tar, "index.json")["manifests"]
                tags = [item.get("annotations", {}).get("io.containerd.image.name") for item in manifests]
                return [normalized(tag) for tag in tags if tag]
    except (tarfile.TarError, KeyError, TypeError) as error:
        raise ValueError(str(error)) from error
    raise ValueError("it holds neither manifest.json nor index.json")


def _member(tar: tarfile.TarFile, name: str) -> Any:
    file = tar.extractfile(name)
    return json.load(file) if file else {}


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def _descriptor(media: str, blob: bytes) -> dict[str, Any]:
    return {"mediaType": media, "digest": _digest(blob), "size": len(blob)}


def _tar(entries: Mapping[str, bytes], *, mode: int) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in sorted(entries.items()):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), mode
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()
