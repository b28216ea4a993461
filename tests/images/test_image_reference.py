"""Image references and their full names."""

from __future__ import annotations

import pytest

from pouw.images.image_reference import Reference, normalized, parse


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("node", "docker.io/library/node:latest"),
        ("pouw/node:1", "docker.io/pouw/node:1"),
        ("localhost/pouw-node:abc", "localhost/pouw-node:abc"),
        ("pouw.dev/pause:1", "pouw.dev/pause:1"),
        ("host:5000/a/b", "host:5000/a/b:latest"),
        ("pouw.dev/a@sha256:00", "pouw.dev/a@sha256:00"),
    ],
)
def test_a_reference_has_one_full_name(short: str, full: str) -> None:
    assert normalized(short) == full


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("node", ("docker.io", "library/node", "latest")),
        ("host:5000/a/b:1", ("host:5000", "a/b", "1")),
        ("host:5000/a/b:1@sha256:00", ("host:5000", "a/b", "sha256:00")),
    ],
)
def test_a_digest_wins_over_a_tag(reference: str, parts: tuple[str, str, str]) -> None:
    host, name, version = parts
    assert parse(reference) == Reference(host=host, name=name, version=version)
