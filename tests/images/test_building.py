"""When an image is built, and what is kept."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from pouw import images
from pouw.errors import PouwError
from pouw.images import buildah, builder, image_folder, wheels
from pouw.images.archive import write_docker_archive
from pouw.images.errors import ImageError
from pouw.progress import SilentProgress


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POUW_CACHE", str(tmp_path / "cache"))
    return image_folder.folder()


def archive(path: Path) -> None:
    tree = path.with_suffix(".tree")
    tree.mkdir()
    write_docker_archive(path, tree, {"architecture": "amd64", "config": {}}, "pouw.local/node:1")
    tree.rmdir()


def test_an_archive_that_is_there_is_taken_without_any_tool(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    reference = images.reference()
    archive(builder.archive_path(reference))
    found = images.build(SilentProgress())
    assert (found.reference, found.built, found.kind) == (reference, False, "node")
    assert found.archive.parent == cache


def test_a_damaged_archive_counts_as_none() -> None:
    reference = images.reference()
    builder.archive_path(reference).write_bytes(b"cut off")
    assert builder.present("node", reference) is None


def test_the_newest_archives_and_the_one_in_use_are_kept(cache: Path) -> None:
    for number in range(builder.KEPT_ARCHIVES + 2):
        path = cache / f"node-{number}.tar"
        path.touch()
        os.utime(path, (number, number))
    (cache / "base-0000.tar").touch()
    (cache / "wheels-0000").mkdir()
    (cache / "node-9.pushed.partial").touch()
    builder.prune(keep=cache / "node-0.tar")
    assert sorted(path.name for path in cache.iterdir()) == ["node-0.tar", "node-3.tar", "node-4.tar", "node-5.tar"]


def test_a_storage_that_an_interrupted_build_left_is_made_anew(cache: Path) -> None:
    folder = cache / "storage"
    with pytest.raises(KeyboardInterrupt):
        _end_with(KeyboardInterrupt(), folder, "half-written")
    with buildah.opened(folder):
        assert not (folder / "half-written").exists()


def test_a_storage_outlives_a_build_that_failed_by_itself(cache: Path) -> None:
    folder = cache / "storage"
    with pytest.raises(ImageError):
        _end_with(ImageError(), folder, "layer")
    with buildah.opened(folder):
        assert (folder / "layer").exists()


def _end_with(error: BaseException, folder: Path, written: str) -> None:
    with buildah.opened(folder):
        (folder / written).touch()
        raise error


def test_a_wheel_platform_is_never_newer_than_the_base() -> None:
    platforms = wheels.platforms("x86_64")
    assert platforms[0] == "manylinux_2_36_x86_64"
    assert "manylinux_2_37_x86_64" not in platforms
    assert platforms[-1] == "manylinux2014_x86_64"


def test_who_may_not_build_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(PouwError, match=r"root only.*user id 1000.*sudo"):
        images.build(SilentProgress())


def test_a_full_disk_is_told_before_anything_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_folder, "NEEDED_BYTES", 2**60)
    with pytest.raises(ImageError, match=r"not enough room.*POUW_CACHE"):
        image_folder.require_space()


def test_a_foreign_archive_is_no_docker_archive(cache: Path) -> None:
    reference = images.reference()
    with tarfile.open(builder.archive_path(reference), "w"):
        pass
    assert builder.present("node", reference) is None
