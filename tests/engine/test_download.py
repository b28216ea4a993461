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
from pouw.engine.download import Refusals, Release, Unavailable, fetch
from pouw.engine.download import release as release_of
from pouw.errors import EngineError
from pouw.progress import SilentProgress


def archive(name: str = "pulumi/pulumi", content: bytes = b"#!/bin/sh\n") -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(content), 0o755
        tar.addfile(info, io.BytesIO(content))
    return archive.getvalue()


@dataclass(kw_only=True)
class Server:
    """Files to serve; a path may be cut short or never answered."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def publish(self, release: Release, archive: bytes, *, checksum: str = "") -> None:
        checksum = checksum or hashlib.sha256(archive).hexdigest()
        self.files[release.archive] = archive
        self.files[f"pulumi-{release.version}-checksums.txt"] = (
            f"{'0' * 64}  another-file.tar.gz\n{checksum}  {release.archive}\n".encode()
        )


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.removeprefix("/")
            server.requests.append(name)
            if name in server.silent:
                server.closing.wait(30)
                return
            content = server.files.get(name)
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content[: len(content) // 2] if name in server.cut else content)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        server.url = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.closing.set()
        http.shutdown()
        thread.join()


@pytest.fixture
def release(server: Server) -> Release:
    return release_of("3.255.0", base_url=server.url)


def test_a_good_release_is_unpacked_once_and_then_taken_from_the_cache(
    server: Server, release: Release, tmp_path: Path
) -> None:
    server.publish(release, archive())
    cli = fetch(release, SilentProgress(), root=tmp_path)
    assert cli.read_text() == "#!/bin/sh\n"
    assert cli.stat().st_mode & 0o100
    requests = len(server.requests)
    assert fetch(release, SilentProgress(), root=tmp_path) == cli
    assert len(server.requests) == requests
    assert [path.name for path in tmp_path.iterdir()] == ["official-v3.255.0"]


def test_a_wrong_checksum_is_an_error_and_installs_nothing(server: Server, release: Release, tmp_path: Path) -> None:
    server.publish(release, archive(), checksum="a" * 64)
    with pytest.raises(EngineError, match="is not the release that was published") as error:
        fetch(release, SilentProgress(), root=tmp_path)
    assert "a" * 64 in error.value.faults[0].expected
    assert list(tmp_path.iterdir()) == []


def test_a_pinned_checksum_wins_over_the_published_one(server: Server, tmp_path: Path) -> None:
    pinned = release_of("3.255.0", base_url=server.url, sha256="B" * 64)
    server.publish(pinned, archive())
    with pytest.raises(EngineError, match="b" * 64):
        fetch(pinned, SilentProgress(), root=tmp_path)


def test_a_truncated_download_is_unavailable_and_remembered(server: Server, release: Release, tmp_path: Path) -> None:
    server.publish(release, archive(content=bytes(range(256)) * 4000))
    server.cut.add(release.archive)
    for _ in range(2):
        with pytest.raises(Unavailable, match="bytes"):
            fetch(release, SilentProgress(), root=tmp_path)
    assert server.requests.count(release.archive) == 1


def test_a_missing_release_is_asked_for_once_a_day(server: Server, release: Release, tmp_path: Path) -> None:
    now = 1_000_000.0
    for passed in (0.0, 3600.0, 23 * 3600.0):
        with pytest.raises(Unavailable, match="404"):
            fetch(release, SilentProgress(), root=tmp_path, now=lambda at=now + passed: at)  # type: ignore[misc]
    assert len(server.requests) == 1
    server.publish(release, archive())
    assert fetch(release, SilentProgress(), root=tmp_path, now=lambda: now + 25 * 3600.0).exists()


def test_a_server_that_never_answers_costs_under_two_seconds(server: Server, release: Release, tmp_path: Path) -> None:
    server.silent.add(f"pulumi-{release.version}-checksums.txt")
    start = time.monotonic()
    with pytest.raises(Unavailable):
        fetch(release, SilentProgress(), root=tmp_path)
    assert time.monotonic() - start < 2.0


def test_a_refused_connection_costs_nothing(tmp_path: Path) -> None:
    start = time.monotonic()
    with pytest.raises(Unavailable):
        fetch(release_of("3.255.0", base_url="http://127.0.0.1:9"), SilentProgress(), root=tmp_path)
    assert time.monotonic() - start < 1.0


def test_checksums_that_do_not_list_the_archive_make_it_unavailable(
    server: Server, release: Release, tmp_path: Path
) -> None:
    server.files[f"pulumi-{release.version}-checksums.txt"] = b"nothing here\n"
    with pytest.raises(Unavailable, match="lists no"):
        fetch(release, SilentProgress(), root=tmp_path)


@pytest.mark.parametrize("archive", [b"no archive at all", archive("elsewhere/pulumi")])
def test_an_archive_of_another_shape_is_an_error(
    server: Server, release: Release, tmp_path: Path, archive: bytes
) -> None:
    server.publish(release, archive)
    with pytest.raises(EngineError):
        fetch(release, SilentProgress(), root=tmp_path)
    assert not (tmp_path / "official-v3.255.0").exists()


def test_an_archive_that_reaches_out_of_its_folder_is_an_error(
    server: Server, release: Release, tmp_path: Path
) -> None:
    server.publish(release, archive("../../escaped"))
    with pytest.raises(EngineError):
        fetch(release, SilentProgress(), root=tmp_path)
    assert not (tmp_path.parent / "escaped").exists()


def test_an_address_that_is_no_web_address_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="neither http nor https"):
        fetch(release_of("3.255.0", base_url="file:///etc"), SilentProgress(), root=tmp_path)


def test_a_head_that_is_refused_is_remembered(server: Server, tmp_path: Path) -> None:
    refusals = Refusals(path=tmp_path / "refused.json")
    server.files["there"] = b"x"
    assert download.reachable(f"{server.url}/there", refusals)
    assert not download.reachable(f"{server.url}/absent", refusals)
    assert not download.reachable(f"{server.url}/absent", refusals)
    assert server.requests == ["there", "absent"]


def test_a_damaged_memory_of_refusals_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "refused.json").write_text("{")
    assert Refusals(path=tmp_path / "refused.json").of("x") == ""
