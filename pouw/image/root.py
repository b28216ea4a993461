"""What goes into the root file system of the base, decided by path alone.

The packages are unpacked, never installed: no package manager, no maintainer script and no installation tool ends up in
the image. What those scripts would have made is made here (accounts, the CA bundle), and what they write for
scanners (``var/lib/dpkg/status.d``, one file a package, as other distribution-less images have it) stays.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PACKAGES = (
    "base-files",
    "ca-certificates",
    "dash",
    "libpython3.11-stdlib",
    "libstdc++6",
    "python3.11-minimal",
    "tzdata",
)
"""What is asked for; the dependencies follow, less ``INSTALLERS``. ``dash`` gives an operator a shell of 0.2 MB."""

INSTALLERS = frozenset(
    {
        "base-passwd", "debconf", "debianutils", "dpkg", "libacl1", "libdebconfclient0", "libmd0", "libpcre2-8-0",
        "libselinux1", "libzstd1", "mawk", "openssl", "perl-base", "readline-common", "tar",
    }
)  # fmt: skip
"""Dependencies of maintainer scripts only: nothing that the image runs needs them."""

_TRIMMED = (
    "etc/cron.*",
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
    "usr/share/zoneinfo/right/*",
    "usr/share/zoneinfo/posix/*",
)
_MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")

RULES = (PACKAGES, tuple(sorted(INSTALLERS)), _TRIMMED)
"""Everything that decides the content of the base, apart from the suite: it goes into the base's key."""


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


def kept(packages: Iterable[str]) -> list[str]:
    """The packages to unpack, of all that the resolver names: sorted, without the installers."""
    return sorted(set(packages) - INSTALLERS)


def account_files(accounts: Iterable[Account] = ACCOUNTS) -> Mapping[str, str]:
    """``etc/passwd`` and ``etc/group``; no account has a password."""
    listed = list(accounts)
    return {
        "etc/passwd": "".join(f"{a.name}:x:{a.number}:{a.number}:{a.name}:{a.home}:{a.login}\n" for a in listed),
        "etc/group": "".join(f"{a.name}:x:{a.number}:\n" for a in listed),
        "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
    }
