"""The content of a root file system made of Debian packages, decided by path alone.

The packages are unpacked and never installed, so the image has no package manager and no installation tool. The results
of maintainer scripts that an image needs are made here: accounts and the CA bundle. Scanners read the package list from
``var/lib/dpkg/status.d``, one file per package, as in other images without a distribution.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

_SHARED = ("base-files", "ca-certificates")
_SCRIPTS_ONLY = (
    *("adduser", "base-passwd", "debconf", "debianutils", "dpkg", "init-system-helpers", "lsb-base", "mawk", "openssl"),
    *("perl-base", "readline-common", "sysvinit-utils", "tar", "usrmerge"),
)
"""Packages that only maintainer scripts depend on. No program of an image needs them or their dependencies."""

_PROVIDED = {"mawk": "awk"}


@dataclass(frozen=True, kw_only=True)
class Root:
    """A root file system: its packages, and those of their dependencies that stay out."""

    name: str
    packages: tuple[str, ...]
    left_out: tuple[str, ...] = _SCRIPTS_ONLY
    links: tuple[tuple[str, str], ...] = ()
    python: str = ""
    """Version of its Python, whose library is compiled; empty for a root without one."""
    command: tuple[str, ...]
    user: str = ""
    """User of the command as ``uid:gid``; empty is root, for a root that others build on."""

    def status(self, architecture: str) -> str:
        """Return a package database in which the packages left out are installed, so that the resolver adds none."""
        return "".join(
            f"Package: {name}\nStatus: install ok installed\nVersion: 99:0\nArchitecture: {architecture}\n"
            f"Provides: {_PROVIDED.get(name, name)}\nMaintainer: none\nDescription: left out\n\n"
            for name in self.left_out
        )


PYTHON = "3.11"
BASE = Root(
    name="base",
    # dash gives an operator a shell, for 0.2 MB.
    packages=(*_SHARED, "dash", "libpython3.11-stdlib", "libstdc++6", "python3.11-minimal", "tzdata"),
    links=(("usr/bin/python3", f"python{PYTHON}"),),
    python=PYTHON,
    command=("python3",),
)
"""The base of ``Dockerfile.production`` unless the user names another one."""

BALANCER = Root(
    name="balancer",
    packages=(*_SHARED, "haproxy"),
    command=("haproxy", "-W", "-db", "-f", "/etc/haproxy/haproxy.cfg"),
    user="10001:10001",
)
"""HAProxy alone; its configuration is mounted."""

_TRIMMED = (
    "etc/cron.*",
    "etc/haproxy/*",
    "etc/init.d/*",
    "etc/logrotate.d/*",
    "etc/rsyslog.d/*",
    "etc/default/*",
    "etc/issue*",
    "etc/motd",
    "etc/update-motd.d/*",
    "usr/bin/catchsegv",
    "usr/bin/gencat",
    "usr/bin/getconf",
    "usr/bin/iconv",
    "usr/bin/ldd",
    "usr/bin/locale*",
    "usr/bin/sprof",
    "usr/bin/tzselect",
    "usr/bin/zdump",
    "usr/lib/*/gconv/*",
    "usr/lib/python3*/ensurepip/*",
    "usr/lib/python3*/idlelib/*",
    "usr/lib/python3*/lib2to3/*",
    "usr/lib/python3*/pydoc_data/*",
    "usr/lib/python3*/test/*",
    "usr/lib/python3*/tkinter/*",
    "usr/lib/python3*/turtledemo/*",
    "usr/sbin/iconvconfig",
    "usr/sbin/update-ca-certificates",
    "usr/lib/systemd/*",
    "usr/lib/tmpfiles.d/*",
    "usr/share/applications/*",
    "usr/share/base-files/*",
    "usr/share/bash-completion/*",
    "usr/share/binfmts/*",
    "usr/share/bug/*",
    "usr/share/debianutils/*",
    "usr/share/info/*",
    "usr/share/lintian/*",
    "usr/share/locale/*",
    "usr/share/man/*",
    "usr/share/menu/*",
    "usr/share/pixmaps/*",
    "usr/share/vim/*",
    "usr/share/zoneinfo/right/*",
    "usr/share/zoneinfo/posix/*",
)
_MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


@dataclass(frozen=True, kw_only=True)
class Account:
    """One line of ``/etc/passwd`` and of ``/etc/group``."""

    name: str
    number: int
    home: str = "/nonexistent"
    login: str = "/usr/sbin/nologin"


ACCOUNTS = (
    Account(name="root", number=0, home="/root", login="/bin/sh"),
    Account(name="nobody", number=65534),
    Account(name="pouw", number=10001, home="/data"),
)


def merged_path(name: str) -> str:
    """Return the path of a package's entry in a root whose ``/bin``, ``/lib``, … are links into ``/usr``."""
    path = name.removeprefix("./").strip("/")
    head, _, _ = path.partition("/")
    return f"usr/{path}" if head in _MERGED else path


def is_kept(path: str) -> bool:
    """True if an entry stays. Licence texts stay; other documentation, translations and build parts go."""
    if path.startswith("usr/share/doc/"):
        return path.count("/") == 3 or path.endswith("/copyright")
    return not any(fnmatch.fnmatchcase(path, pattern) for pattern in _TRIMMED)


def account_files(accounts: Sequence[Account] = ACCOUNTS) -> Mapping[str, str]:
    """Return ``etc/passwd``, ``etc/group`` and ``etc/nsswitch.conf``. No account has a password."""
    return {
        "etc/passwd": "".join(f"{a.name}:x:{a.number}:{a.number}:{a.name}:{a.home}:{a.login}\n" for a in accounts),
        "etc/group": "".join(f"{a.name}:x:{a.number}:\n" for a in accounts),
        "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
    }


def rules(root: Root) -> object:
    """Return everything that decides the content of a root, except suite and architecture."""
    return (asdict(root), _TRIMMED, account_files())
