"""Image references: the names under which registries and container runtimes know images."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A full reference in its three parts. ``version`` is a tag, or a digest such as ``sha256:…``."""

    host: str
    name: str
    version: str


def normalized(reference: str) -> str:
    """Return the full name under which a runtime knows an image: ``a/b`` is ``docker.io/a/b:latest``."""
    name, separator, digest = reference.partition("@")
    host, slash, path = name.partition("/")
    if not slash:
        name = f"docker.io/library/{name}"
    elif not ("." in host or ":" in host or host == "localhost"):
        name = f"docker.io/{host}/{path}"
    if not separator and ":" not in name.rpartition("/")[2]:
        name += ":latest"
    return name + separator + digest


def parse(reference: str) -> Reference:
    """Return the parts of a reference, normalized. A digest wins over a tag beside it."""
    host, _, path = normalized(reference).partition("/")
    name, separator, digest = path.partition("@")
    if separator:
        return Reference(host=host, name=name.partition(":")[0], version=digest)
    name, _, tag = path.rpartition(":")
    return Reference(host=host, name=name, version=tag)
