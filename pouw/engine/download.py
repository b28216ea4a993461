"""The pinned official release, where the network lets it through: fetched, checked against its checksum, unpacked.

A refused network costs at most ``PROBE_SECONDS``, and only once a day: the refusal is remembered in the cache.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import platform
import re
import shutil
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
from pouw.errors import EngineError
from pouw.paths import cache_dir
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
    """Where one release is served from. ``version`` has no leading v; ``sha256`` pins the archive when given."""

    version: str
    base_url: str
    sha256: str = ""

    @property
    def archive(self) -> str:
        """The archive's file name for this machine."""
        machine = platform.machine().lower()
        return f"pulumi-v{self.version}-{platform.system().lower()}-{_ARCHITECTURES.get(machine, machine)}.tar.gz"

    @property
    def archive_url(self) -> str:
        """The archive's address."""
        return f"{self.base_url}/{self.archive}"

    @property
    def checksums_url(self) -> str:
        """The address of the list of SHA-256 sums that is published beside it."""
        return f"{self.base_url}/pulumi-{self.version}-checksums.txt"


def release(version: str, *, base_url: str = "", sha256: str = "") -> Release:
    """The release of that version, at the official place unless another is given."""
    base = (base_url or _OFFICIAL_BASE).format(version=version).rstrip("/")
    return Release(version=version, base_url=base, sha256=sha256.lower())


class Unavailable(Exception):  # noqa: N818 - a state of the network, not an error of the program
    """The release cannot be had from here; says why. The next source is tried."""


def fetched(wanted: Release, root: Path | None = None) -> Path | None:
    """The unpacked release's CLI, if the cache has it."""
    cli = _home(wanted, root or cache_dir() / "engine") / "pulumi" / "pulumi"
    return cli if cli.exists() else None


def fetch(
    wanted: Release, progress: Progress, *, root: Path | None = None, now: Callable[[], float] = time.time
) -> Path:
    """The unpacked release's CLI, from the cache or the network.

    Raises:
        Unavailable: the network refuses it, now or less than a day ago, or it has no such release.
        EngineError: it came, and is not what its checksum says. That is never passed over in silence.
    """
    root = root or cache_dir() / "engine"
    if cli := fetched(wanted, root):
        return cli
    refusals = Refusals(path=root / "refused.json", now=now)
    if reason := refusals.of(wanted.archive_url):
        raise Unavailable(reason)
    try:
        expected = wanted.sha256 or _listed_sum(wanted)
    except Unavailable as refusal:
        refusals.remember(wanted.archive_url, str(refusal))
        raise
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".download-", dir=root) as scratch:
        with progress.step(f"Downloading Pulumi {wanted.version}") as step:
            archive = Path(scratch) / wanted.archive
            try:
                actual = _save(wanted.archive_url, archive, step)
            except _NETWORK_ERRORS as error:
                refusals.remember(wanted.archive_url, str(error))
                raise Unavailable(f"{wanted.archive_url}: {error}") from error
        if actual != expected:
            raise _corrupt(wanted, f"sha256 {actual}", f"sha256 {expected}")
        unpacked = Path(scratch) / "unpacked"
        _unpack(wanted, archive, unpacked)
        try:
            unpacked.rename(_home(wanted, root))
        except OSError:
            if not fetched(wanted, root):  # else another run was quicker
                raise
    return _home(wanted, root) / "pulumi" / "pulumi"


def _home(wanted: Release, root: Path) -> Path:
    return root / f"official-v{wanted.version}"


@dataclass(frozen=True, kw_only=True)
class Refusals:
    """What the network refused lately, so that not every start has to find out again."""

    path: Path
    now: Callable[[], float] = time.time

    def of(self, url: str) -> str:
        """Why ``url`` was refused less than a day ago; empty if it was not."""
        entry = self._read().get(url)
        if entry is None or self.now() - float(entry["at"]) > REFUSAL_LASTS_SECONDS:
            return ""
        return str(entry["reason"])

    def remember(self, url: str, reason: str) -> None:
        """Write it down, in place of what has passed."""
        kept = {key: one for key, one in self._read().items() if self.now() - float(one["at"]) <= REFUSAL_LASTS_SECONDS}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=self.path.parent, delete=False) as made:
            json.dump({**kept, url: {"at": self.now(), "reason": reason}}, made)
        Path(made.name).replace(self.path)

    def _read(self) -> dict[str, dict[str, str | float]]:
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}


def reachable(url: str, refusals: Refusals) -> bool:
    """Whether ``url`` can be had from here, by asking for its head; a no is remembered."""
    if refusals.of(url):
        return False
    try:
        _within(PROBE_SECONDS, lambda: _open(url, PROBE_SECONDS, method="HEAD").close())
    except _NETWORK_ERRORS as error:
        refusals.remember(url, str(error))
        return False
    return True


def _listed_sum(wanted: Release) -> str:
    try:
        text = _within(PROBE_SECONDS, lambda: _read_text(wanted.checksums_url))
    except _NETWORK_ERRORS as error:
        raise Unavailable(f"{wanted.checksums_url}: {error}") from error
    found = re.search(rf"^([0-9a-fA-F]{{64}})\s+\*?{re.escape(wanted.archive)}\s*$", text, re.MULTILINE)
    if not found:
        raise Unavailable(f"{wanted.checksums_url} lists no {wanted.archive}")
    return found.group(1).lower()


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
    """Stream ``url`` to ``target``; its SHA-256. A body shorter than announced is an error."""
    digest = hashlib.sha256()
    with _open(url, _READ_TIMEOUT_S) as response, target.open("wb") as file:
        announced = int(getattr(response, "headers", {}).get("Content-Length") or 0)
        done = 0
        while chunk := response.read(_CHUNK_BYTES):
            digest.update(chunk)
            file.write(chunk)
            done += len(chunk)
            step.update(f"{done >> 20} MiB", completed=done, total=announced or None)
    if announced and done != announced:
        raise urllib.error.URLError(f"the connection ended after {done} of {announced} bytes")
    return digest.hexdigest()


def _unpack(wanted: Release, archive: Path, target: Path) -> None:
    try:
        with tarfile.open(archive) as packed:
            packed.extractall(target, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        shutil.rmtree(target, ignore_errors=True)
        raise _corrupt(wanted, str(error), "a gzip archive of the release") from error
    if not (target / "pulumi" / "pulumi").is_file():
        raise _corrupt(wanted, "an archive without pulumi/pulumi", "the release's layout")


def _corrupt(wanted: Release, got: str, expected: str) -> EngineError:
    return EngineError(
        Fault(
            path=wanted.archive_url,
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
    """The answer of ``ask``, or ``TimeoutError``. A thread, because name resolution knows no deadline of its own."""
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
    return box.value  # type: ignore[return-value]  # the thread ended without an error: it was set
