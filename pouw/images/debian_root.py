"""Root file systems made from Debian packages, where no registry can be asked for a base image.

The packages come from the mirrors that this machine's own apt is set up with, and apt checks their signatures. An
archive is kept under a key made of the suite, the architecture and the rules in ``root``; a newer package on a mirror
does not change it. To take security updates, raise ``SERIAL``: that changes the tags, so what runs is rolled.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from infra.faults import Fault
from pouw.home import Home
from pouw.images import image_folder
from pouw.images.archive import write_docker_archive
from pouw.images.errors import ImageError
from pouw.images.root_contents import Root, account_files, merged, rules, wanted
from pouw.progress import Progress, Step
from pouw.toolchain import debian

SUITE = "bookworm"
SERIAL = 1

_PROGRAMS = {"apt-get": "apt", "dpkg-deb": "dpkg"}
_DEBIAN_NAMES = {"x86_64": "amd64", "aarch64": "arm64"}
_FOLDERS = {
    **dict.fromkeys(("dev", "etc/ssl/certs", "usr/lib/ssl", "usr/lib64", "usr/sbin"), 0o755),
    **dict.fromkeys(("proc", "sys"), 0o555),
    **dict.fromkeys(("tmp", "var/tmp"), 0o1777),
    "root": 0o700,
}
_LINKS = (
    *((name, f"usr/{name}") for name in ("bin", "sbin", "lib", "lib64")),
    ("usr/lib/ssl/cert.pem", "/etc/ssl/certs/ca-certificates.crt"),
)
_URI = re.compile(r"^'[^']+' (?P<name>[a-z0-9][a-z0-9+.-]+)_\S+\.deb ", re.MULTILINE)


def architecture() -> str:
    """Debian's name of this machine's architecture.

    Raises:
        ImageError: neither amd64 nor arm64.
    """
    machine = os.uname().machine
    if machine not in _DEBIAN_NAMES:
        raise ImageError(
            Fault(
                path="machine",
                message="no base can be made for this architecture",
                got=machine,
                expected=" or ".join(_DEBIAN_NAMES),
                remedy="name a base image of your own: pouw image build --base IMAGE",
            )
        )
    return _DEBIAN_NAMES[machine]


def key(root: Root) -> str:
    """Of everything that decides the content; needs no network and nothing built."""
    facts = (SERIAL, SUITE, architecture(), rules(root))
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def archive_name(root: Root) -> str:
    """The file that ``ensure`` makes, in the image folder."""
    return f"{root.name}-{key(root)}.tar"


def ensure(root: Root, reference: str, progress: Progress) -> Path:
    """The root as a docker archive of one layer; made when it is not there. The caller holds the image folder's lock.

    Raises:
        ImageError: not root, the suite is not offered here, a package cannot be had, or no disk.
    """
    archive = image_folder.folder() / archive_name(root)
    if archive.exists():
        return archive
    image_folder.require_root()
    debian.ensure(_PROGRAMS, progress, home=Home.from_environment(os.environ))
    image_folder.require_space()
    work = image_folder.folder() / f"{root.name}.work"
    with progress.step(f"Image root {root.name} from Debian packages") as step:
        shutil.rmtree(work / "root", ignore_errors=True)
        tree = work / "root"
        tree.mkdir(parents=True)
        packages = _download(root, work, step)
        for number, package in enumerate(packages):
            step.update(f"unpacking {package.name.partition('_')[0]}", done=number, total=len(packages))
            _unpack(package, tree)
        _finish(root, tree)
        if root.python:
            step.update("compiling the standard library")
            _compile(tree, root.python)
        step.update("packing")
        partial = archive.with_suffix(".partial")
        write_docker_archive(partial, tree, _configuration(root), reference)
        partial.replace(archive)
        shutil.rmtree(work)
    return archive


def _configuration(root: Root) -> Mapping[str, object]:
    return {
        "architecture": architecture(),
        "config": {
            "Env": ["PATH=/usr/local/bin:/usr/bin:/usr/sbin", "LANG=C.UTF-8"],
            "Cmd": list(root.command),
            "User": root.user,
            "Labels": {
                "org.opencontainers.image.title": f"pouw {root.name}",
                "org.opencontainers.image.version": key(root),
            },
        },
    }


def resolved(listing: str) -> list[str]:
    """Package names from what ``apt-get --print-uris`` prints."""
    return [match["name"] for match in _URI.finditer(listing)]


def _download(root: Root, work: Path, step: Step) -> list[Path]:
    """Fetch the packages; those that an interrupted run has fetched are not fetched again."""
    (work / "packages").mkdir(exist_ok=True)
    (work / "status").write_text(root.status(architecture()))
    try:
        return _fetch(root, work, (), step)
    except subprocess.CalledProcessError:
        # The machine's package lists may be absent, or name versions that the mirror has replaced since: read
        # them anew, into lists of our own, so that the machine's apt is left as it is.
        step.update("reading package lists")
        (work / "lists/partial").mkdir(parents=True, exist_ok=True)
        own_lists = (f"Dir::State::lists={work / 'lists'}",)
        update = _apt(["update"], work, own_lists)
        try:
            return _fetch(root, work, own_lists, step)
        except subprocess.CalledProcessError as error:
            raise _unavailable(error, update.stderr) from error


def _fetch(root: Root, work: Path, options: Sequence[str], step: Step) -> list[Path]:
    options = (*options, f"Dir::State::status={work / 'status'}", f"APT::Default-Release={SUITE}")
    listing = _apt(["--print-uris", "--yes", "--no-install-recommends", "install", *root.packages], work, options)
    listing.check_returncode()
    names = sorted(resolved(listing.stdout))
    step.update(f"downloading {len(names)} packages")
    _apt(["download", *names], work / "packages", options).check_returncode()
    found = {path.name.partition("_")[0]: path for path in sorted((work / "packages").glob("*.deb"))}
    return [found[name] for name in names]


def _apt(arguments: Sequence[str], folder: Path, options: Iterable[str]) -> subprocess.CompletedProcess[str]:
    settings = [part for option in ("APT::Sandbox::User=root", *options) for part in ("-o", option)]
    return subprocess.run(
        ["apt-get", "-q", *settings, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
        check=False,
    )


def _unpack(package: Path, tree: Path) -> None:
    (tree / "var/lib/dpkg/status.d").mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(package)], capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        for member in archive:
            if not (path := merged(member.name)) or not wanted(path):
                continue
            member.name = path
            if member.islnk():
                member.linkname = merged(member.linkname)
            archive.extract(member, tree, filter="tar")  # refuses what leaves the tree, drops set-user bits
    control = subprocess.run(["dpkg-deb", "--field", str(package)], capture_output=True, check=True)
    status = tree / "var/lib/dpkg/status.d" / package.name.partition("_")[0]
    status.write_bytes(control.stdout)


def _finish(root: Root, tree: Path) -> None:
    """What maintainer scripts would have made."""
    for name, mode in _FOLDERS.items():
        (tree / name).mkdir(parents=True, exist_ok=True)
        (tree / name).chmod(mode)
    for name, target in (*_LINKS, *root.links):
        if not (tree / name).is_symlink():
            (tree / name).symlink_to(target)
    for name, text in account_files().items():
        (tree / name).write_text(text)
    certificates = sorted((tree / "usr/share/ca-certificates/mozilla").glob("*.crt"))
    (tree / "etc/ssl/certs/ca-certificates.crt").write_text("".join(path.read_text() for path in certificates))


def _compile(tree: Path, version: str) -> None:
    """By the root's own interpreter. Hash-based and unchecked: archives without times make any other kind stale."""
    arguments = ["-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash", f"/usr/lib/python{version}"]
    done = subprocess.run(
        ["chroot", str(tree), f"/usr/bin/python{version}", *arguments],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/usr/sbin", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"},
        check=False,
    )
    if done.returncode != 0:
        raise ImageError(
            Fault(
                path="base",
                message="the unpacked Python does not run",
                got=(done.stderr or done.stdout).strip()[-400:],
                remedy="name a base image of your own: pouw image build --base IMAGE",
            )
        )


def _unavailable(error: subprocess.CalledProcessError, update: str) -> ImageError:
    said = "\n".join(text.strip() for text in (error.stderr or "", update) if text.strip())
    return ImageError(
        Fault(
            path="base",
            message=f"the packages of Debian {SUITE} cannot be had from this machine's apt sources",
            got=said[-600:],
            expected=f"a reachable source of {SUITE} in /etc/apt/sources.list or sources.list.d",
            remedy="add one and run apt-get update, or name a base image of your own: pouw image build --base IMAGE",
        )
    )
