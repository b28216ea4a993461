"""Download of the pinned official release: fetched, checked against its checksum, unpacked into the cache.

A network that refuses it costs at most ``PROBE_SECONDS`` per day, because the refusal is kept in the cache.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import platform
import re
import tarfile
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Generic, TypeVar

from infra.faults import Fault
from pouw import files
from pouw.errors import EngineError
from pouw.progress import Progress, Step

PROBE_SECONDS = 1.5
REFUSAL_LASTS_SECONDS = 24 * 3600.0
BASE_URL_VARIABLE = "POUW_ENGINE_BASE_URL"
CHECKSUM_VARIABLE = "POUW_ENGINE_SHA256"
_OFFICIAL_BASE = "https://github.com/pulumi/pulumi/releases/download/v{version}"
_READ_TIMEOUT_S = 10.0
_CHUNK_BYTES = 1 << 20
_CHECKSUMS_BYTES = 1 << 20
_ARCHITECTURES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}

_NETWORK_ERRORS = (OSError, http.client.HTTPException)  # URLError and time-outs are OSErrors
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Release:
    """One release and its server. ``version`` has no leading v; ``sha256``, where set, pins the archive."""

    version: str
    base_url: str
    sha256: str = ""

    @property
    def archive(self) -> str:
        """File name of the archive for this machine."""
        machine = platform.machine().lower()
        return f"pulumi-v{self.version}-{platform.system().lower()}-{_ARCHITECTURES.get(machine, machine)}.tar.gz"

    @property
    def archive_url(self) -> str:
        """Address of the archive."""
        return f"{self.base_url}/{self.archive}"

    @property
    def checksums_url(self) -> str:
        """Address of the published list of SHA-256 sums."""
        return f"{self.base_url}/pulumi-{self.version}-checksums.txt"


def release(version: str, *, base_url: str = "", sha256: str = "") -> Release:
    """Return the release of a version, on the official server unless ``base_url`` names another."""
    base = (base_url or _OFFICIAL_BASE).format(version=version).rstrip("/")
    return Release(version=version, base_url=base, sha256=sha256.lower())


class Unavailable(Exception):  # noqa: N818 - a state of the network, not an error of the program
    """The release cannot be downloaded, for the reason in the text. The caller tries the next source."""


def cached(release: Release, root: Path) -> Path | None:
    """Return the CLI of the unpacked release, if the cache folder ``root`` has it."""
    cli = _folder(release, root) / "pulumi" / "pulumi"
    return cli if cli.exists() else None


def fetch(release: Release, progress: Progress, *, root: Path, now: Callable[[], float] = time.time) -> Path:
    """Return the CLI of the unpacked release, from the cache folder ``root`` or the network.

    Raises:
        Unavailable: the network refuses it, now or less than a day ago, or has no such release.
        EngineError: the archive does not match its checksum.
    """
    if cli := cached(release, root):
        return cli
    refusals = Refusals(path=root / "refused.json", now=now)
    if reason := refusals.of(release.archive_url):
        raise Unavailable(reason)
    try:
        expected = release.sha256 or _listed_sum(release)
    except Unavailable as refusal:
        refusals.remember(release.archive_url, str(refusal))
        raise
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".download-", dir=root) as scratch:
        with progress.step(f"Downloading Pulumi {release.version}") as step:
            archive = Path(scratch) / release.archive
            try:
                actual = _save(release.archive_url, archive, step)
            except _NETWORK_ERRORS as error:
                refusals.remember(release.archive_url, str(error))
                raise Unavailable(f"{release.archive_url}: {error}") from error
        if actual != expected:
            raise _corrupt(release, f"sha256 {actual}", f"sha256 {expected}")
        with files.staged_folder(_folder(release, root)) as folder:
            _unpack(release, archive, folder)
    return _folder(release, root) / "pulumi" / "pulumi"


def _folder(release: Release, root: Path) -> Path:
    return root / f"official-v{release.version}"


@dataclass(frozen=True, kw_only=True)
class Refusals:
    """Recent refusals of the network, so that not every start has to repeat the attempt."""

    path: Path
    now: Callable[[], float] = time.time

    def of(self, url: str) -> str:
        """Return the reason why ``url`` was refused less than a day ago; empty if it was not."""
        entry = self._read().get(url)
        if entry is None or self.now() - float(entry["at"]) > REFUSAL_LASTS_SECONDS:
            return ""
        return str(entry["reason"])

    def remember(self, url: str, reason: str) -> None:
        """Add a refusal, and drop those that are older than a day."""
        recent = {
            key: entry
            for key, entry in self._read().items()
            if self.now() - float(entry["at"]) <= REFUSAL_LASTS_SECONDS
        }
        files.write(self.path, json.dumps({**recent, url: {"at": self.now(), "reason": reason}}))

    def _read(self) -> dict[str, dict[str, str | float]]:
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}


def reachable(url: str, refusals: Refusals) -> bool:
    """True if a HEAD request for ``url`` succeeds; a refusal is kept."""
    if refusals.of(url):
        return False
    try:
        _within(PROBE_SECONDS, lambda: _open(url, PROBE_SECONDS, method="HEAD").close())
    except _NETWORK_ERRORS as error:
        refusals.remember(url, str(error))
        return False
    return True


def _listed_sum(release: Release) -> str:
    try:
        text = _within(PROBE_SECONDS, lambda: _read_text(release.checksums_url))
    except _NETWORK_ERRORS as error:
        raise Unavailable(f"{release.checksums_url}: {error}") from error
    match = re.search(rf"^([0-9a-fA-F]{{64}})\s+\*?{re.escape(release.archive)}\s*$", text, re.MULTILINE)
    if not match:
        raise Unavailable(f"{release.checksums_url} lists no {release.archive}")
    return match.group(1).lower()


def _read_text(url: str) -> str:
    with _open(url, PROBE_SECONDS) as response:
        return response.read(_CHECKSUMS_BYTES).decode(errors="replace")


def _open(url: str, timeout: float, *, method: str = "GET") -> IO[bytes]:
    if not url.startswith(("https://", "http://")):
        raise urllib.error.URLError(f"neither http nor https: {url}")
    request = urllib.request.Request(url, method=method)  # noqa: S310 - the scheme is checked above
    try:
        response: IO[bytes] = urllib.request.urlopen(request, timeout=timeout)  # noqa: S310
    except urllib.error.HTTPError as refusal:
        refusal.close()  # it is an open response, too
        raise urllib.error.URLError(f"HTTP {refusal.code}") from None
    return response


def _save(url: str, target: Path, step: Step) -> str:
    """Stream ``url`` to ``target`` and return its SHA-256. A body shorter than announced is an error."""
    digest = hashlib.sha256()
    with _open(url, _READ_TIMEOUT_S) as response, target.open("wb") as file:
        announced = int(getattr(response, "headers", {}).get("Content-Length") or 0)
        received = 0
        while chunk := response.read(_CHUNK_BYTES):
            digest.update(chunk)
            file.write(chunk)
            received += len(chunk)
            step.update(f"{received >> 20} MiB", completed=received, total=announced or None)
    if announced and received != announced:
        raise urllib.error.URLError(f"the connection ended after {received} of {announced} bytes")
    return digest.hexdigest()


def _unpack(release: Release, archive: Path, target: Path) -> None:
    try:
        with tarfile.open(archive) as tar:
            tar.extractall(target, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise _corrupt(release, str(error), "a gzip archive of the release") from error
    if not (target / "pulumi" / "pulumi").is_file():
        raise _corrupt(release, "an archive without pulumi/pulumi", "the release's layout")


def _corrupt(release: Release, got: str, expected: str) -> EngineError:
    return EngineError(
        Fault(
            path=release.archive_url,
            message="is not the release that was published",
            got=got,
            expected=expected,
            remedy=f"check {BASE_URL_VARIABLE} and {CHECKSUM_VARIABLE}, or the proxy in between; nothing was installed",
        )
    )


@dataclass(kw_only=True)
class _Box(Generic[_T]):
    value: _T | None = None
    error: BaseException | None = None


def _within(seconds: float, ask: Callable[[], _T]) -> _T:
    """Return the result of ``ask`` or raise ``TimeoutError``. A thread, because name resolution has no deadline."""
    box: _Box[_T] = _Box()

    def work() -> None:
        try:
            box.value = ask()
        except _NETWORK_ERRORS as error:
            box.error = error

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise TimeoutError(f"no answer within {seconds:g} s")
    if box.error is not None:
        raise box.error
    return box.value  # type: ignore[return-value]  # the thread ended without an error, so it is set
