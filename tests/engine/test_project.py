"""The files of a project: their content, and the faults of a file that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.faults import Fault
from pouw.engine.project import Project
from pouw.errors import ConfigurationError, ExitCode
from pouw.paths import REPOSITORY


def project_in(root: Path, **files: str) -> Project:
    (root / "Pulumi.yaml").write_text("name: tiny\nruntime: python\n")
    for stack, text in files.items():
        (root / f"Pulumi.{stack}.yaml").write_text(text)
    return Project(root=root)


def refusal(project: Project, stack: str) -> Fault:
    """Return the fault of a stack that is refused."""
    with pytest.raises(ConfigurationError) as error:
        project.stack_settings(stack)
    assert error.value.code is ExitCode.CONFIGURATION
    [fault] = error.value.faults
    return fault


def test_stacks_are_the_files_beside_the_project(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.staging.yml").touch()
    (tmp_path / "NotPulumi.other.yaml").touch()
    (tmp_path / "Pulumi.orbé.yaml").touch()
    stacks = project_in(tmp_path, local="", production="")
    assert list(stacks.stacks()) == ["local", "production", "staging"]
    assert stacks.name == "tiny"


@pytest.mark.parametrize("stack", ["prod", "prod/../x", "../../etc/passwd", "", "orbé", "x" * 100_000])
def test_an_unknown_stack_lists_the_known_ones(tmp_path: Path, stack: str) -> None:
    fault = refusal(project_in(tmp_path, local="", staging=""), stack)
    assert (fault.message, fault.expected) == ("no such stack", "one of local, staging")
    assert len(str(fault)) < 400


def test_only_a_name_that_could_be_one_is_worth_writing_a_file_for(tmp_path: Path) -> None:
    project = project_in(tmp_path, local="")
    assert "write Pulumi.prod.yaml" in refusal(project, "prod").remedy
    assert "1 to 100 letters" in refusal(project, "x" * 101).remedy


@pytest.mark.parametrize(
    ("text", "location", "message"),
    [
        ("config: [", "Pulumi.local.yaml:1:10", "is not YAML"),
        ("config:\n  a: [1\nb: 2\n", "Pulumi.local.yaml:3:2", "is not YAML"),
        ("- a\n", "Pulumi.local.yaml", "no mapping at its top"),
        ("text", "Pulumi.local.yaml", "no mapping at its top"),
        ("config: 3\n", "Pulumi.local.yaml", "'config' is no mapping"),
        ("config: []\n", "Pulumi.local.yaml", "'config' is no mapping"),
        ("config: {a: \x07}\n", "Pulumi.local.yaml", "is not YAML"),
        ("config: {a: 2024-13-45}\n", "Pulumi.local.yaml", "is not YAML"),
        ("config: " + "[" * 5000, "Pulumi.local.yaml", "is not YAML"),
    ],
)
def test_a_malformed_file_is_refused_with_its_place(tmp_path: Path, text: str, location: str, message: str) -> None:
    fault = refusal(project_in(tmp_path, local=text), "local")
    assert fault.path.endswith(location)
    assert fault.message.startswith(message)
    assert fault.remedy


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    project = project_in(tmp_path, local="")
    (tmp_path / "Pulumi.local.yaml").write_bytes(b"config: \xff\n")
    assert refusal(project, "local").message == "is not UTF-8 text"


def test_a_file_that_cannot_be_read_is_a_fault_with_its_reason(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    (tmp_path / "Pulumi.local.yaml").mkdir()
    fault = refusal(project, "local")
    assert (fault.message, fault.got) == ("cannot be read", "Is a directory")


def test_a_project_without_its_own_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"Pulumi\.yaml: cannot be read"):
        Project(root=tmp_path).definition()


def test_an_empty_stack_file_is_an_empty_stack(tmp_path: Path) -> None:
    assert project_in(tmp_path, local="").stack_settings("local") == {}


def test_this_repository_is_a_project_with_a_local_stack() -> None:
    here = Project()
    assert here.root == REPOSITORY
    assert here.name == "pouw"
    assert "local" in here.stacks()
