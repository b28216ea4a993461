from __future__ import annotations

from pathlib import Path

import pytest

from pouw.engine.project import Project
from pouw.errors import EngineError, ExitCode
from pouw.paths import REPOSITORY


def project(root: Path, **files: str) -> Project:
    (root / "Pulumi.yaml").write_text("name: tiny\nruntime: python\n")
    for stack, text in files.items():
        (root / f"Pulumi.{stack}.yaml").write_text(text)
    return Project(root=root)


def test_stacks_are_the_files_beside_the_project(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.staging.yml").touch()
    (tmp_path / "NotPulumi.other.yaml").touch()
    found = project(tmp_path, local="", production="")
    assert list(found.stacks()) == ["local", "production", "staging"]
    assert found.name == "tiny"


def test_an_unknown_stack_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(EngineError) as refused:
        project(tmp_path, local="", staging="").stack_settings("prod/../x")
    (fault,) = refused.value.faults
    assert refused.value.code is ExitCode.CONFIGURATION
    assert (fault.got, fault.expected) == ("'prod/../x'", "one of local, staging")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("config: [", "Pulumi.local.yaml: malformed YAML: .*; got line 1, column 10"),
        ("- a\n", "Pulumi.local.yaml: no mapping at its top; got list"),
        ("config: 3\n", "Pulumi.local.yaml: config is no mapping; got int"),
        ("config: {a: \x07}\n", "Pulumi.local.yaml: malformed YAML"),
    ],
)
def test_a_malformed_file_is_refused_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(EngineError, match=expected) as refused:
        project(tmp_path, local=text).stack_settings("local")
    assert refused.value.code is ExitCode.CONFIGURATION


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    made = project(tmp_path, local="")
    (tmp_path / "Pulumi.local.yaml").write_bytes(b"config: \xff\n")
    with pytest.raises(EngineError, match="no UTF-8 text"):
        made.stack_settings("local")


def test_an_empty_stack_file_is_an_empty_stack(tmp_path: Path) -> None:
    assert project(tmp_path, local="").stack_settings("local") == {}


def test_this_repository_is_a_project_with_a_local_stack() -> None:
    here = Project()
    assert here.root == REPOSITORY
    assert here.name == "pouw"
    assert "local" in here.stacks()
