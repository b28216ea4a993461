"""Loading archives into a cluster that the user made with kind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pouw.errors import ClusterError
from pouw.home import Home
from pouw.images import kind_cluster


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a home whose PATH has a program ``kind`` that knows one cluster; kind itself needs a Docker daemon."""
    program = tmp_path / "bin" / "kind"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path / "calls"}\n'
        '[ "$5" = dev ] || { echo "no nodes found for cluster" >&2; exit 1; }\n'
    )
    program.chmod(0o755)
    return Home.from_environment({**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"})


def test_a_kind_cluster_receives_the_archive(home: Home, tmp_path: Path) -> None:
    kind_cluster.load(tmp_path / "node.tar", "dev", home=home)
    arguments = (tmp_path / "calls").read_text().split()
    assert arguments == ["load", "image-archive", str(tmp_path / "node.tar"), "--name", "dev"]


def test_a_refusal_is_reported_in_kinds_words(home: Home, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"kind cluster prod; got no nodes found.*kind get clusters"):
        kind_cluster.load(tmp_path / "node.tar", "prod", home=home)


def test_a_missing_kind_is_reported(tmp_path: Path) -> None:
    home = Home.from_environment({"PATH": str(tmp_path)})
    with pytest.raises(ClusterError, match="kind: is not on PATH"):
        kind_cluster.load(tmp_path / "node.tar", "dev", home=home)
