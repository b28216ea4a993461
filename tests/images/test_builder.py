"""The decision to build an image, and the archives that stay."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from pouw import images
from pouw.errors import PouwError
from pouw.home import Home
from pouw.images import Kind, buildah, builder, image_folder, wheels
from pouw.images.archive import write_tree
from pouw.images.errors import ImageError
from pouw.progress import SilentProgress


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a home with an empty cache and without any program on PATH."""
    return Home.from_environment({"POUW_CACHE": str(tmp_path / "cache"), "PATH": ""})


@pytest.fixture
def cache(home: Home) -> Path:
    return image_folder.folder(home)


def archive(path: Path) -> None:
    tree = path.with_suffix(".tree")
    tree.mkdir()
    write_tree(path, tree, {"architecture": "amd64", "config": {}}, "pouw.local/node:1")
    tree.rmdir()


def test_an_image_in_the_cache_needs_no_tool(cache: Path, home: Home) -> None:
    reference = images.reference()
    archive(builder.archive_path(reference, home=home))
    image = images.build(SilentProgress(), home=home)
    assert (image.reference, image.is_new, image.kind) == (reference, False, Kind.NODE)
    assert image.archive.parent == cache


def test_a_damaged_archive_does_not_count(home: Home) -> None:
    reference = images.reference()
    builder.archive_path(reference, home=home).write_bytes(b"cut off")
    assert builder.find_cached(Kind.NODE, reference, home=home) is None


def test_the_newest_archives_and_the_one_in_use_are_kept(cache: Path) -> None:
    for number in range(builder.KEPT_ARCHIVES + 2):
        path = cache / f"node-{number}.tar"
        path.touch()
        os.utime(path, (number, number))
    (cache / "base-0000.tar").touch()
    (cache / "wheels-0000").mkdir()
    (cache / ".node-9.tar.abc.partial").touch()
    builder.prune(keep=cache / "node-0.tar")
    assert sorted(path.name for path in cache.iterdir()) == ["node-0.tar", "node-3.tar", "node-4.tar", "node-5.tar"]


def test_the_storage_of_an_interrupted_build_is_replaced(cache: Path, home: Home) -> None:
    folder = cache / "storage"
    with pytest.raises(KeyboardInterrupt):
        _end_with(KeyboardInterrupt(), folder, "half-written", home)
    with buildah.open_storage(folder, home=home):
        assert not (folder / "half-written").exists()


def test_the_storage_of_a_failed_build_stays(cache: Path, home: Home) -> None:
    folder = cache / "storage"
    with pytest.raises(ImageError):
        _end_with(ImageError(), folder, "layer", home)
    with buildah.open_storage(folder, home=home):
        assert (folder / "layer").exists()


def _end_with(error: BaseException, folder: Path, name: str, home: Home) -> None:
    with buildah.open_storage(folder, home=home):
        (folder / name).touch()
        raise error


def test_a_wheel_platform_is_never_newer_than_the_base() -> None:
    platforms = wheels.platforms("x86_64")
    assert platforms[0] == "manylinux_2_36_x86_64"
    assert "manylinux_2_37_x86_64" not in platforms
    assert platforms[-1] == "manylinux2014_x86_64"


def test_a_user_who_is_not_root_is_refused_with_a_remedy(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(PouwError, match=r"only root.*user id 1000.*sudo"):
        images.build(SilentProgress(), home=home)


def test_a_full_disk_is_reported_before_a_build(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_folder, "NEEDED_BYTES", 2**60)
    with pytest.raises(ImageError, match=r"not enough room.*POUW_CACHE"):
        image_folder.require_space(home)


def test_an_archive_without_a_manifest_does_not_count(home: Home) -> None:
    reference = images.reference()
    with tarfile.open(builder.archive_path(reference, home=home), "w"):
        pass
    assert builder.find_cached(Kind.NODE, reference, home=home) is None
