"""Programs from pinned modules."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from pouw.errors import ToolchainError
from pouw.home import Home
from pouw.progress import SilentProgress
from pouw.toolchain import programs
from pouw.toolchain.debian import ensure, missing


@pytest.mark.parametrize("name", programs.PROGRAMS)
def test_every_requirement_of_a_program_has_a_checksum(name: str) -> None:
    module = programs.MODULES / programs.PROGRAMS[name].module
    required = re.findall(
        r"^(?:require )?\s*(\S+) v\d\S* ?(?:// indirect)?$", (module / "go.mod").read_text(), re.MULTILINE
    )
    sums = (module / "go.sum").read_text() if required else ""
    replaced = re.findall(r"^\s*(?:replace )?(\S+) => ", (module / "go.mod").read_text(), re.MULTILINE)
    assert [path for path in required if path not in replaced and f"{path} v" not in sums] == []


def test_the_versions_that_are_linked_in_come_from_the_modules() -> None:
    assert programs.pinned_version("pulumi").startswith("v3.")
    assert programs.pinned_version("kube").startswith("v1.")


def test_programs_of_one_module_have_keys_of_their_own() -> None:
    assert len({programs.key(name) for name in programs.PROGRAMS}) == len(programs.PROGRAMS)


def test_a_key_is_stable() -> None:
    assert programs.key("etcd") == programs.key("etcd")


def test_a_program_that_is_present_is_not_missing() -> None:
    assert missing({"sh": "dash", "/bin/sh": "dash"}, home=Home.from_environment(os.environ)) == []


def test_a_package_that_does_not_exist_is_one_fault(tmp_path: Path) -> None:
    home = Home.from_environment({"POUW_CACHE": str(tmp_path), "PATH": "/nonexistent"})
    with pytest.raises(ToolchainError, match=r"no-such-package.*install them by hand"):
        ensure({"no-such-program-of-pouw": "no-such-package"}, SilentProgress(), home=home)
