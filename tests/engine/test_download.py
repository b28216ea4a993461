"""Downloads from a server on this machine that behaves, and misbehaves, as networks do."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pouw.engine import download
from pouw.engine.download import Refusals, Release, Unavailable, fetch, release
from pouw.errors import EngineError
from pouw.progress import SilentProgress


def archive(name: str = "pulumi/pulumi", content: bytes = b"#!/bin/sh\n") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(content), 0o755
        tar.addfile(info, io.BytesIO(content))
    return packed.getvalue()


@dataclass(kw_only=True)
class Server:
    """Files to serve; a path may be cut short or never answered."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def publish(self, wanted: Release, packed: bytes, *, checksum: str = "") -> None:
        checksum = checksum or hashlib.sha256(packed).hexdigest()
        self.files[wanted.archive] = packed
        self.files[f"pulumi-{wanted.version}-checksums.txt"] = (
            f"{'0' * 64}  another-file.tar.gz\n{checksum}  {wanted.archive}\n".encode()
        )


@pytest.fixture
def server() -> Iterator[Server]:
    served = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.removeprefix("/")
            served.asked.append(name)
            if name in served.silent:
                served.closing.wait(30)
                return
            content = served.files.get(name)
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content[: len(content) // 2] if name in served.cut else content)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        served.url = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield served
        served.closing.set()
        http.shutdown()
        thread.join()


@pytest.fixture
def wanted(server: Server) -> Release:
    return release("3.255.0", base_url=server.url)


def test_a_good_release_is_unpacked_once_and_then_taken_from_the_cache(
    server: Server, wanted: Release, tmp_path: Path
) -> None:
    server.publish(wanted, archive())
    cli = fetch(wanted, SilentProgress(), root=tmp_path)
    assert cli.read_text() == "#!/bin/sh\n"
    assert cli.stat().st_mode & 0o100
    asked = len(server.asked)
    assert fetch(wanted, SilentProgress(), root=tmp_path) == cli
    assert len(server.asked) == asked
    assert [path.name for path in tmp_path.iterdir()] == ["official-v3.255.0"]


def test_a_wrong_checksum_is_an_error_and_installs_nothing(server: Server, wanted: Release, tmp_path: Path) -> None:
    server.publish(wanted, archive(), checksum="a" * 64)
    with pytest.raises(EngineError, match="is not the release that was published") as refused:
        fetch(wanted, SilentProgress(), root=tmp_path)
    assert "a" * 64 in refused.value.faults[0].expected
    assert list(tmp_path.iterdir()) == []


def test_a_pinned_checksum_wins_over_the_published_one(server: Server, tmp_path: Path) -> None:
    pinned = release("3.255.0", base_url=server.url, sha256="B" * 64)
    server.publish(pinned, archive())
    with pytest.raises(EngineError, match="b" * 64):
        fetch(pinned, SilentProgress(), root=tmp_path)


def test_a_truncated_download_is_unavailable_and_remembered(server: Server, wanted: Release, tmp_path: Path) -> None:
    server.publish(wanted, archive(content=bytes(range(256)) * 4000))
    server.cut.add(wanted.archive)
    for _ in range(2):
        with pytest.raises(Unavailable, match="bytes"):
            fetch(wanted, SilentProgress(), root=tmp_path)
    assert server.asked.count(wanted.archive) == 1


def test_a_missing_release_is_asked_for_once_a_day(server: Server, wanted: Release, tmp_path: Path) -> None:
    now = 1_000_000.0
    for passed in (0.0, 3600.0, 23 * 3600.0):
        with pytest.raises(Unavailable, match="404"):
            fetch(wanted, SilentProgress(), root=tmp_path, now=lambda at=now + passed: at)  # type: ignore[misc]
    assert len(server.asked) == 1
    server.publish(wanted, archive())
    assert fetch(wanted, SilentProgress(), root=tmp_path, now=lambda: now + 25 * 3600.0).exists()


def test_a_server_that_never_answers_costs_under_two_seconds(server: Server, wanted: Release, tmp_path: Path) -> None:
    server.silent.add(f"pulumi-{wanted.version}-checksums.txt")
    started = time.monotonic()
    with pytest.raises(Unavailable):
        fetch(wanted, SilentProgress(), root=tmp_path)
    assert time.monotonic() - started < 2.0


def test_a_refused_connection_costs_nothing(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(Unavailable):
        fetch(release("3.255.0", base_url="http://127.0.0.1:9"), SilentProgress(), root=tmp_path)
    assert time.monotonic() - started < 1.0


def test_checksums_that_do_not_list_the_archive_make_it_unavailable(
    server: Server, wanted: Release, tmp_path: Path
) -> None:
    server.files[f"pulumi-{wanted.version}-checksums.txt"] = b"nothing here\n"
    with pytest.raises(Unavailable, match="lists no"):
        fetch(wanted, SilentProgress(), root=tmp_path)


@pytest.mark.parametrize("packed", [b"no archive at all", archive("elsewhere/pulumi")])
def test_an_archive_of_another_shape_is_an_error(
    server: Server, wanted: Release, tmp_path: Path, packed: bytes
) -> None:
    server.publish(wanted, packed)
    with pytest.raises(EngineError):
        fetch(wanted, SilentProgress(), root=tmp_path)
    assert not (tmp_path / "official-v3.255.0").exists()


def test_an_archive_that_reaches_out_of_its_folder_is_an_error(server: Server, wanted: Release, tmp_path: Path) -> None:
    server.publish(wanted, archive("../../escaped"))
    with pytest.raises(EngineError):
        fetch(wanted, SilentProgress(), root=tmp_path)
    assert not (tmp_path.parent / "escaped").exists()


def test_an_address_that_is_no_web_address_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="neither http nor https"):
        fetch(release("3.255.0", base_url="file:///etc"), SilentProgress(), root=tmp_path)


def test_a_head_that_is_refused_is_remembered(server: Server, tmp_path: Path) -> None:
    refusals = Refusals(path=tmp_path / "refused.json")
    server.files["there"] = b"x"
    assert download.reachable(f"{server.url}/there", refusals)
    assert not download.reachable(f"{server.url}/absent", refusals)
    assert not download.reachable(f"{server.url}/absent", refusals)
    assert server.asked == ["there", "absent"]


def test_a_damaged_memory_of_refusals_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "refused.json").write_text("{")
    assert Refusals(path=tmp_path / "refused.json").of("x") == ""
