from __future__ import annotations

import io
import json
import os
import stat
import tarfile
from pathlib import Path

import pytest

from pouw.errors import ClusterError
from pouw.images import containerd, program_archive
from pouw.images.containerd import Image
from pouw.progress import SilentProgress


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
def test_a_reference_is_known_by_its_full_name(short: str, full: str) -> None:
    assert program_archive.normalized(short) == full


def test_the_same_program_gives_the_same_archive(tmp_path: Path) -> None:
    program = tmp_path / "tool"
    program.write_bytes(b"\x7fELF")
    for target in ("a.tar", "b.tar"):
        program_archive.from_program(program, "pouw.dev/tool:1", tmp_path / target)
    assert program_archive.digest(tmp_path / "a.tar") == program_archive.digest(tmp_path / "b.tar")
    assert program_archive.references(tmp_path / "a.tar") == ["pouw.dev/tool:1"]


def test_a_docker_archive_names_its_images(tmp_path: Path) -> None:
    archive = tmp_path / "docker.tar"
    content = json.dumps([{"RepoTags": ["localhost/pouw-node:1"]}, {"RepoTags": None}]).encode()
    with tarfile.open(archive, "w") as tar:
        info = tarfile.TarInfo("manifest.json")
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    assert program_archive.references(archive) == ["localhost/pouw-node:1"]


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    with pytest.raises(ValueError, match="file could not be opened"):
        program_archive.references(tmp_path / "text")


def test_an_image_counts_once_pods_can_use_it() -> None:
    listing = (
        "REF                TYPE      DIGEST      SIZE    PLATFORMS   LABELS\n"
        "pouw.dev/pause:1   app/json  sha256:aa   1.4 MiB linux/amd64 io.cri-containerd.image=managed\n"
        "pouw.dev/half:1    app/json  sha256:bb   1.4 MiB linux/amd64 -\n"
    )
    assert containerd.parse_listing(listing) == {
        "pouw.dev/pause:1": Image(digest="sha256:aa", usable=True),
        "pouw.dev/half:1": Image(digest="sha256:bb", usable=False),
    }


def test_without_a_cluster_no_image_is_present_and_loading_says_how_to_start_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POUW_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("POUW_CACHE", str(tmp_path / "cache"))
    program = tmp_path / "tool"
    program.write_bytes(b"\x7fELF")
    program_archive.from_program(program, "pouw.dev/tool:1", tmp_path / "tool.tar")
    assert not containerd.present("pouw.dev/tool:1")
    with pytest.raises(ClusterError, match="pouw cluster up"):
        containerd.load(tmp_path / "tool.tar", "pouw.dev/tool:1", SilentProgress())


def test_an_archive_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"nowhere\.tar: is not a file"):
        containerd.load(tmp_path / "nowhere.tar", "a", SilentProgress())


@pytest.fixture
def fake_kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program named ``kind`` that notes its arguments and knows one cluster; kind itself needs a Docker daemon."""
    program, calls = tmp_path / "bin" / "kind", tmp_path / "calls"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$@" > {calls}\n[ "$5" = dev ] || {{ echo "no nodes found for cluster" >&2; exit 1; }}\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return calls


def test_a_kind_cluster_is_given_the_archive(fake_kind: Path, tmp_path: Path) -> None:
    containerd.load_kind(tmp_path / "node.tar", "dev")
    assert fake_kind.read_text().split() == ["load", "image-archive", str(tmp_path / "node.tar"), "--name", "dev"]


def test_what_kind_refuses_is_reported_with_its_words(fake_kind: Path, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"kind cluster prod; got no nodes found.*kind get clusters"):
        containerd.load_kind(tmp_path / "node.tar", "prod")


def test_without_kind_the_user_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClusterError, match="kind: is not on PATH"):
        containerd.load_kind(tmp_path / "node.tar", "dev")
