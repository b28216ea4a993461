"""Atomic writes: a reader never sees half a file, and a failed writer leaves what was there."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pouw import files


def test_a_private_file_is_replaced_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "kubeconfig"
    files.write_private(path, "first")
    files.write_private(path, b"second")
    assert path.read_text() == "second"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_unchanged_content_keeps_the_file_and_corrects_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.write(path, "same")
    inode = path.stat().st_ino
    files.write(path, "same", mode=files.PRIVATE)
    assert path.stat().st_ino == inode
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_writer_that_fails_leaves_the_old_content_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.write(path, "old")

    def fail() -> None:
        with files.staged_file(path) as partial:
            partial.write_text("half")
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("durable", [False, True])
@pytest.mark.parametrize("write", [files.write, files.create])
def test_a_durable_write_reaches_the_disk_with_its_name(
    write: Callable[..., object], durable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(Path(f"/proc/self/fd/{handle}").resolve()))
    write(tmp_path / "key", "secret", durable=durable)
    assert len(synced) == (2 if durable else 0)
    assert not durable or synced[-1] == tmp_path


def test_one_of_many_writers_creates_a_file(tmp_path: Path) -> None:
    path, results = tmp_path / "seed", list[bool]()
    start = threading.Barrier(8)

    def create(number: int) -> None:
        start.wait()
        results.append(files.create(path, f"{number}" * 1000, mode=files.PRIVATE, durable=True))

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count(True) == 1
    assert len(set(path.read_text())) == 1
    assert len(path.read_text()) == 1000
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_appears_with_all_of_its_content(tmp_path: Path) -> None:
    path = tmp_path / "parent" / "wheels"
    with files.staged_folder(path) as partial:
        (partial / "wheel").write_text("content")
        assert not path.exists()
    assert (path / "wheel").read_text() == "content"
    assert path.stat().st_mode & 0o777 == 0o755
    assert list(path.parent.iterdir()) == [path]


def test_the_folder_of_the_first_writer_stays(tmp_path: Path) -> None:
    path = tmp_path / "wheels"
    with files.staged_folder(path) as late:
        (late / "wheel").write_text("late")
        with files.staged_folder(path) as early:
            (early / "wheel").write_text("early")
    assert (path / "wheel").read_text() == "early"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_does_not_replace_a_file(tmp_path: Path) -> None:
    path = tmp_path / "wheels"
    path.write_text("a file")
    with pytest.raises(NotADirectoryError), files.staged_folder(path):
        pass
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "bin" / "python"
    for target in (tmp_path / "first", tmp_path / "second", tmp_path / "second"):
        files.link(path, target)
        assert path.readlink() == target
    assert list(path.parent.iterdir()) == [path]


def test_leftovers_of_killed_writers_are_removed_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.write(path, "content")
    (tmp_path / ".image.tar.abc.partial").write_text("half")
    (tmp_path / ".wheels.abc.partial").mkdir()
    (tmp_path / ".lock").touch()
    files.remove_leftovers(tmp_path)
    assert {entry.name for entry in tmp_path.iterdir()} == {"file", ".lock"}
