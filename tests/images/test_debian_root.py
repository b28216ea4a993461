"""The content of a root that is made of packages."""

from __future__ import annotations

import pytest

from pouw.images import debian_root
from pouw.images.root_contents import BALANCER, BASE, account_files, is_kept, merged_path


@pytest.mark.parametrize(
    ("entry", "path"),
    [
        ("./", ""),
        ("./bin/dash", "usr/bin/dash"),
        ("./lib/x86_64-linux-gnu/libc.so.6", "usr/lib/x86_64-linux-gnu/libc.so.6"),
        ("./lib64/ld-linux-x86-64.so.2", "usr/lib64/ld-linux-x86-64.so.2"),
        ("./usr/lib/os-release", "usr/lib/os-release"),
        ("./library/x", "library/x"),
    ],
)
def test_files_of_the_merged_folders_are_below_usr(entry: str, path: str) -> None:
    assert merged_path(entry) == path


@pytest.mark.parametrize(
    "path",
    [
        "usr/bin/python3.11",
        "usr/lib/python3.11/asyncio/tasks.py",
        "usr/lib/x86_64-linux-gnu/libssl.so.3",
        "usr/share/ca-certificates/mozilla/a.crt",
        "usr/share/doc/dash/copyright",
        "usr/share/zoneinfo/Europe/Vienna",
    ],
)
def test_programs_and_their_licences_stay(path: str) -> None:
    assert is_kept(path)


@pytest.mark.parametrize(
    "path",
    [
        "etc/cron.daily/dpkg",
        "usr/lib/python3.11/test/support/x.py",
        "usr/lib/x86_64-linux-gnu/gconv/BIG5.so",
        "usr/share/doc/dash/changelog.gz",
        "usr/share/locale/de/LC_MESSAGES/x.mo",
        "usr/share/man/man1/dash.1.gz",
    ],
)
def test_documentation_translations_and_tests_are_removed(path: str) -> None:
    assert not is_kept(path)


def test_only_root_can_log_in_and_the_node_has_its_user_id() -> None:
    lines = account_files()["etc/passwd"].splitlines()
    assert [line for line in lines if not line.endswith("/nologin")] == ["root:x:0:0:root:/root:/bin/sh"]
    assert any(line.startswith("pouw:x:10001:10001:") for line in lines)


def test_package_names_are_read_from_entries_with_epochs() -> None:
    listing = (
        "'http://mirror/pool/d/dash/dash_0.5_amd64.deb' dash_0.5_amd64.deb 91848 SHA256:ab\n"
        "'http://mirror/z/zlib1g_1.2_amd64.deb' zlib1g_1%3a1.2_amd64.deb 1 SHA256:cd\n"
        "'http://mirror/s/libstdc++6_12_amd64.deb' libstdc++6_12_amd64.deb 1 SHA256:ef\n"
    )
    assert debian_root.package_names(listing) == ["dash", "zlib1g", "libstdc++6"]


def test_the_resolver_takes_the_package_manager_for_installed() -> None:
    stanzas = BASE.status("amd64").strip().split("\n\n")
    assert {stanza.splitlines()[0] for stanza in stanzas} >= {"Package: dpkg", "Package: perl-base", "Package: tar"}
    assert all("Status: install ok installed" in stanza for stanza in stanzas)


def test_each_root_has_a_key_of_its_own_that_stays() -> None:
    assert debian_root.key(BASE) == debian_root.key(BASE)
    assert debian_root.key(BASE) != debian_root.key(BALANCER)
