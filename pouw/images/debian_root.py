"""Root file systems made from Debian packages, for machines that reach no registry with a base image.

The packages come from the mirrors that this machine's own apt is set up with, and apt checks their signatures. An
archive is kept under a key of the suite, the architecture and the rules in ``root_contents``. A newer package on a
mirror does not change that key. To take security updates, raise ``SERIAL``: the tags change, and running nodes roll.
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
from pouw import files
from pouw.home import Home
from pouw.images import image_folder
from pouw.images.archive import ARCHITECTURES, write_tree
from pouw.images.errors import ImageError
from pouw.images.root_contents import Root, account_files, is_kept, merged_path, rules
from pouw.progress import Progress, Step
from pouw.toolchain import debian

SUITE = "bookworm"
SERIAL = 1

_PROGRAMS = {"apt-get": "apt", "dpkg-deb": "dpkg"}
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
    """Return Debian's name of this machine's architecture.

    Raises:
        ImageError: neither amd64 nor arm64.
    """
    machine = os.uname().machine
    if machine not in ARCHITECTURES:
        raise ImageError(
            Fault(
                path="machine",
                message="no base can be made for this architecture",
                got=machine,
                expected=" or ".join(ARCHITECTURES),
                remedy="name a base image of your own: pouw image build --base IMAGE",
            )
        )
    return ARCHITECTURES[machine]


def key(root: Root) -> str:
    """Return a hash of everything that decides the content. Needs neither network nor a build."""
    facts = (SERIAL, SUITE, architecture(), rules(root))
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def archive_name(root: Root) -> str:
    """Return the name of the file that :func:`ensure` makes in the image folder."""
    return f"{root.name}-{key(root)}.tar"


def ensure(root: Root, reference: str, progress: Progress, *, home: Home) -> Path:
    """Return the archive of a root, an image of one layer; make it if the cache has none.

    The caller holds the image folder's lock.

    Raises:
        ImageError: not root, no source of the suite, a package is not available, or no disk.
    """
    archive = image_folder.folder(home) / archive_name(root)
    if archive.exists():
        return archive
    image_folder.require_root()
    debian.ensure(_PROGRAMS, progress, home=home)
    image_folder.require_space(home)
    work = image_folder.folder(home) / f"{root.name}.work"
    with progress.step(f"Image root {root.name} from Debian packages") as step:
        shutil.rmtree(work / "root", ignore_errors=True)
        tree = work / "root"
        tree.mkdir(parents=True)
        packages = _download(root, work, step, home)
        for number, package in enumerate(packages):
            step.update(f"unpacking {package.name.partition('_')[0]}", completed=number, total=len(packages))
            _unpack(package, tree)
        _finish(root, tree)
        if root.python:
            step.update("compiling the standard library")
            _compile(tree, root.python)
        step.update("packing")
        with files.staged_file(archive) as partial:
            write_tree(partial, tree, _configuration(root), reference)
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


def package_names(listing: str) -> list[str]:
    """Return the package names in the output of ``apt-get --print-uris``."""
    return [match["name"] for match in _URI.finditer(listing)]


def _download(root: Root, work: Path, step: Step, home: Home) -> list[Path]:
    """Fetch the packages, except those that an interrupted run has fetched before."""
    (work / "packages").mkdir(exist_ok=True)
    (work / "status").write_text(root.status(architecture()))
    try:
        return _fetch(root, work, (), step, home)
    except subprocess.CalledProcessError:
        # The machine's package lists may be absent, or name versions that the mirror has replaced since. They are
        # read anew, into another folder, so that the machine's own lists stay as they are.
        step.update("reading package lists")
        (work / "lists/partial").mkdir(parents=True, exist_ok=True)
        lists = (f"Dir::State::lists={work / 'lists'}",)
        update = _apt(["update"], work, lists, home)
        try:
            return _fetch(root, work, lists, step, home)
        except subprocess.CalledProcessError as error:
            raise _unavailable(error, update.stderr) from error


def _fetch(root: Root, work: Path, options: Sequence[str], step: Step, home: Home) -> list[Path]:
    options = (*options, f"Dir::State::status={work / 'status'}", f"APT::Default-Release={SUITE}")
    install = ["--print-uris", "--yes", "--no-install-recommends", "install", *root.packages]
    listing = _apt(install, work, options, home)
    listing.check_returncode()
    names = sorted(package_names(listing.stdout))
    step.update(f"downloading {len(names)} packages")
    _apt(["download", *names], work / "packages", options, home).check_returncode()
    packages = {path.name.partition("_")[0]: path for path in sorted((work / "packages").glob("*.deb"))}
    return [packages[name] for name in names]


def _apt(
    arguments: Sequence[str], folder: Path, options: Iterable[str], home: Home
) -> subprocess.CompletedProcess[str]:
    settings = [part for option in ("APT::Sandbox::User=root", *options) for part in ("-o", option)]
    return subprocess.run(
        ["apt-get", "-q", *settings, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**home.environment, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"},
        check=False,
    )


def _unpack(package: Path, tree: Path) -> None:
    (tree / "var/lib/dpkg/status.d").mkdir(parents=True, exist_ok=True)
    content = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(package)], capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(content.stdout)) as archive:
        for member in archive:
            if not (path := merged_path(member.name)) or not is_kept(path):
                continue
            member.name = path
            if member.islnk():
                member.linkname = merged_path(member.linkname)
            archive.extract(member, tree, filter="tar")  # refuses paths outside of the tree, drops set-user bits
    control = subprocess.run(["dpkg-deb", "--field", str(package)], capture_output=True, check=True)
    status = tree / "var/lib/dpkg/status.d" / package.name.partition("_")[0]
    status.write_bytes(control.stdout)


def _finish(root: Root, tree: Path) -> None:
    """Make the folders, links, accounts and CA bundle that maintainer scripts make in an installed system."""
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
    """Compile the library with the root's own interpreter.

    Hash-based and unchecked, because every other kind counts as stale in an archive without times.
    """
    arguments = ["-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash", f"/usr/lib/python{version}"]
    result = subprocess.run(
        ["chroot", str(tree), f"/usr/bin/python{version}", *arguments],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/usr/sbin", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"},
        check=False,
    )
    if result.returncode != 0:
        raise ImageError(
            Fault(
                path="base",
                message="the unpacked Python does not run",
                got=(result.stderr or result.stdout).strip()[-400:],
                remedy="name a base image of your own: pouw image build --base IMAGE",
            )
        )


def _unavailable(error: subprocess.CalledProcessError, update: str) -> ImageError:
    output = "\n".join(text.strip() for text in (error.stderr or "", update) if text.strip())
    return ImageError(
        Fault(
            path="base",
            message=f"the packages of Debian {SUITE} are not available from this machine's apt sources",
            got=output[-600:],
            expected=f"a reachable source of {SUITE} in /etc/apt/sources.list or sources.list.d",
            remedy="add one and run apt-get update, or name a base image of your own: pouw image build --base IMAGE",
        )
    )
