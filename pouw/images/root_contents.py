"""What goes into a root file system made of Debian packages, decided by path alone.

The packages are unpacked, never installed: no package manager, no maintainer script and no installation tool ends up in
the image. What those scripts would have made is made here (accounts, the CA bundle), and what they write for
scanners (``var/lib/dpkg/status.d``, one file a package, as other distribution-less images have it) stays.
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
"""What only maintainer scripts depend on: nothing that an image runs needs these, or what they need in turn."""

_PROVIDED = {"mawk": "awk"}


@dataclass(frozen=True, kw_only=True)
class Root:
    """A root file system: which packages are asked for, and which of their dependencies stay out."""

    name: str
    packages: tuple[str, ...]
    left_out: tuple[str, ...] = _SCRIPTS_ONLY
    links: tuple[tuple[str, str], ...] = ()
    python: str = ""
    """Version of its Python, whose library is compiled; empty for a root without one."""
    command: tuple[str, ...]
    user: str = ""
    """Who runs the command: ``uid:gid``; empty is root, for a root that others build on."""

    def status(self, architecture: str) -> str:
        """A package database in which what is left out is there already, so that the resolver adds none of it."""
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
"""What ``Dockerfile.production`` builds on where the user names no base."""

BALANCER = Root(
    name="balancer",
    packages=(*_SHARED, "haproxy"),
    command=("haproxy", "-W", "-db", "-f", "/etc/haproxy/haproxy.cfg"),
    user="10001:10001",
)
"""HAProxy and nothing else; its configuration is mounted."""

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


def merged(name: str) -> str:
    """The path of a package's entry where ``/bin``, ``/lib``, … are links into ``/usr``; no leading ``./``."""
    path = name.removeprefix("./").strip("/")
    head, _, _ = path.partition("/")
    return f"usr/{path}" if head in _MERGED else path


def wanted(path: str) -> bool:
    """Whether an entry stays. Licence texts stay; other documentation, translations and build parts go."""
    if path.startswith("usr/share/doc/"):
        return path.count("/") == 3 or path.endswith("/copyright")
    return not any(fnmatch.fnmatchcase(path, pattern) for pattern in _TRIMMED)


def account_files(accounts: Sequence[Account] = ACCOUNTS) -> Mapping[str, str]:
    """``etc/passwd`` and ``etc/group``; no account has a password."""
    return {
        "etc/passwd": "".join(f"{a.name}:x:{a.number}:{a.number}:{a.name}:{a.home}:{a.login}\n" for a in accounts),
        "etc/group": "".join(f"{a.name}:x:{a.number}:\n" for a in accounts),
        "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
    }


def rules(root: Root) -> object:
    """Everything that decides the content of a root, apart from suite and architecture."""
    return (asdict(root), _TRIMMED, account_files())
