"""Loading archives into containerd, as far as it needs no containerd."""

from __future__ import annotations

from pathlib import Path

import pytest

from pouw.errors import ClusterError
from pouw.images.archive import write_program
from pouw.images.containerd import ContainerdStore, StoredImage, parse_listing
from pouw.progress import SilentProgress


@pytest.fixture
def store(tmp_path: Path) -> ContainerdStore:
    """Return the store of a containerd that does not run."""
    return ContainerdStore(ctr=tmp_path / "ctr", socket=tmp_path / "socket", record=tmp_path / "images.json")


def test_an_image_counts_once_pods_can_use_it() -> None:
    listing = (
        "REF                TYPE      DIGEST      SIZE    PLATFORMS   LABELS\n"
        "pouw.dev/pause:1   app/json  sha256:aa   1.4 MiB linux/amd64 io.cri-containerd.image=managed\n"
        "pouw.dev/half:1    app/json  sha256:bb   1.4 MiB linux/amd64 -\n"
    )
    assert parse_listing(listing) == {
        "pouw.dev/pause:1": StoredImage(digest="sha256:aa", usable=True),
        "pouw.dev/half:1": StoredImage(digest="sha256:bb", usable=False),
    }


def test_a_stopped_containerd_holds_nothing_and_refuses_archives(store: ContainerdStore, tmp_path: Path) -> None:
    program = tmp_path / "tool"
    program.write_bytes(b"\x7fELF")
    write_program(tmp_path / "tool.tar", program, "pouw.dev/tool:1")
    assert not store.holds("pouw.dev/tool:1")
    with pytest.raises(ClusterError, match="pouw cluster up"):
        store.load(tmp_path / "tool.tar", "pouw.dev/tool:1", SilentProgress())


def test_a_missing_archive_is_named(store: ContainerdStore, tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"nowhere\.tar: is not a file"):
        store.load(tmp_path / "nowhere.tar", "a", SilentProgress())


FAKE_CTR = """#!/bin/sh
shift 4  # the address and the namespace
echo "$@" >> {calls}
case "$2" in
ls) echo REF TYPE DIGEST SIZE PLATFORMS LABELS; cat {images} 2>/dev/null; exit 0 ;;
import) echo "pouw.dev/tool:1 app/json sha256:aa 1 linux io.cri-containerd.image=managed" > {images} ;;
tag) echo "pouw.dev/other:1 app/json sha256:aa 1 linux io.cri-containerd.image=managed" >> {images} ;;
esac
"""


@pytest.fixture
def running(store: ContainerdStore, tmp_path: Path) -> ContainerdStore:
    """Return a store whose ``ctr`` remembers its calls, and lists an image once it was imported."""
    store.ctr.write_text(FAKE_CTR.format(calls=tmp_path / "calls", images=tmp_path / "images"))
    store.ctr.chmod(0o755)
    store.socket.touch()
    program = tmp_path / "tool"
    program.write_bytes(b"\x7fELF")
    write_program(tmp_path / "tool.tar", program, "pouw.dev/tool:1")
    return store


def changes(tmp_path: Path) -> list[str]:
    """Return the calls of ``ctr`` that change something."""
    calls = (tmp_path / "calls").read_text().splitlines()
    return [call for call in calls if call != "images ls"]


def test_an_archive_is_imported_once(running: ContainerdStore, tmp_path: Path) -> None:
    for _ in range(2):
        running.load(tmp_path / "tool.tar", "pouw.dev/tool:1", SilentProgress())
    assert changes(tmp_path) == [f"images import --local {tmp_path / 'tool.tar'}"]
    assert running.holds("pouw.dev/tool:1")


def test_the_only_image_of_an_archive_may_get_another_name(running: ContainerdStore, tmp_path: Path) -> None:
    running.load(tmp_path / "tool.tar", "pouw.dev/other:1", SilentProgress())
    assert changes(tmp_path)[1:] == ["images tag --force pouw.dev/tool:1 pouw.dev/other:1"]
    assert running.holds("pouw.dev/other:1")
