"""Image archives: the same content has the same bytes, and an archive names its images."""

from __future__ import annotations

import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from pouw.images import archive
from pouw.images.archive import read_config, write_program, write_reproducible, write_tree

CONFIGURATION = {"architecture": "amd64", "config": {"User": "10001:10001"}}


def make_tree(folder: Path, *, names: tuple[str, ...], time_s: int) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
        os.utime(folder / name, (time_s, time_s))
    (folder / "link").symlink_to("a")
    return folder


def test_order_and_times_of_files_do_not_show(tmp_path: Path) -> None:
    first = make_tree(tmp_path / "1", names=("a", "b/c", "b/d"), time_s=1)
    second = make_tree(tmp_path / "2", names=("b/d", "b/c", "a"), time_s=1_000_000)
    for number, tree in enumerate((first, second)):
        write_tree(tmp_path / f"{number}.tar", tree, CONFIGURATION, "pouw.local/x:1")
    assert (tmp_path / "0.tar").read_bytes() == (tmp_path / "1.tar").read_bytes()


def test_the_image_id_changes_with_the_content(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "tree", names=("a",), time_s=1)
    write_tree(tmp_path / "before.tar", tree, CONFIGURATION, "pouw.local/x:1")
    (tree / "a").write_text("other")
    write_tree(tmp_path / "after.tar", tree, CONFIGURATION, "pouw.local/x:1")
    before, config = read_config(tmp_path / "before.tar")
    assert config["config"]["User"] == "10001:10001"
    assert before.startswith("sha256:")
    assert before != read_config(tmp_path / "after.tar")[0]


def pushed(path: Path, *, container: str) -> Path:
    config = {
        "container": container,
        "container_config": {"Hostname": container},
        "config": {"Hostname": container, "Image": container, "User": "10001:10001"},
        "history": [{"created_by": "RUN", "comment": f"FROM {container}"}],
        "rootfs": {"diff_ids": ["sha256:1"]},
    }
    manifest = [{"Config": f"{container}.json", "Layers": ["1.tar"], "RepoTags": ["pouw.local/x:1"]}]
    with tarfile.open(path, "w") as tar:
        for name, content in (
            ("1.tar", b"layer"),
            (f"{container}.json", json.dumps(config).encode()),
            ("manifest.json", json.dumps(manifest).encode()),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


def test_two_builds_of_one_content_have_one_id(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_reproducible(pushed(tmp_path / f"{name}.pushed", container=name), tmp_path / f"{name}.tar")
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    _, config = read_config(tmp_path / "one.tar")
    assert config["config"]["User"] == "10001:10001"
    with tarfile.open(tmp_path / "one.tar") as tar:
        layer = tar.extractfile("1.tar")
        assert layer is not None
        with layer:
            assert layer.read() == b"layer"


def test_a_file_that_is_not_an_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_bytes(b"half")
    with pytest.raises(tarfile.TarError):
        read_config(tmp_path / "x.tar")
    with pytest.raises(ValueError, match="file could not be opened"):
        archive.references(tmp_path / "x.tar")


def test_the_same_program_gives_the_same_archive(tmp_path: Path) -> None:
    program = tmp_path / "tool"
    program.write_bytes(b"\x7fELF")
    program.chmod(0o700)
    for target in ("a.tar", "b.tar"):
        write_program(tmp_path / target, program, "pouw.dev/tool:1")
    assert archive.digest(tmp_path / "a.tar") == archive.digest(tmp_path / "b.tar")
    assert archive.references(tmp_path / "a.tar") == ["pouw.dev/tool:1"]
    _, config = read_config(tmp_path / "a.tar")
    assert config["config"] == {"Entrypoint": ["/tool"], "User": "65535:65535", "WorkingDir": "/"}
    with tarfile.open(tmp_path / "a.tar") as tar, tarfile.open(fileobj=tar.extractfile(layer_name(tar))) as layer:
        [entry] = layer.getmembers()
    assert (entry.name, entry.mode, entry.uid, entry.gid) == ("tool", 0o755, 0, 0)


def layer_name(tar: tarfile.TarFile) -> str:
    """Return the name of the only layer."""
    [name] = [name for name in tar.getnames() if name.endswith(".tar")]
    return name


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("manifest.json", [{"RepoTags": ["localhost/pouw-node:1"]}, {"RepoTags": None}]),
        (
            "index.json",
            {"manifests": [{"annotations": {"io.containerd.image.name": "localhost/pouw-node:1"}}, {"size": 1}]},
        ),
    ],
)
def test_a_docker_or_oci_archive_names_its_images(tmp_path: Path, name: str, document: object) -> None:
    content = json.dumps(document).encode()
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    assert archive.references(tmp_path / "x.tar") == ["localhost/pouw-node:1"]


def test_a_tar_file_without_an_index_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w"):
        pass
    with pytest.raises(ValueError, match=r"neither manifest\.json nor index\.json"):
        archive.references(tmp_path / "x.tar")
