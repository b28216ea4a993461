"""Stack files, read before any engine runs."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from infra.settings import Settings
from pouw import stacks
from pouw.errors import ExitCode
from pouw.paths import REPOSITORY
from pouw.stacks import ConfigurationError


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one good stack."""
    (tmp_path / "Pulumi.yaml").write_text((REPOSITORY / "Pulumi.yaml").read_text())
    (tmp_path / "Pulumi.local.yaml").write_text((REPOSITORY / "Pulumi.local.yaml").read_text())
    return tmp_path


def refusal(stack: str, repository: Path) -> str:
    """What is told about a stack that is refused."""
    with pytest.raises(ConfigurationError) as caught:
        stacks.settings(stack, repository=repository)
    assert caught.value.code is ExitCode.CONFIGURATION
    return str(caught.value)


def test_every_stack_of_this_repository_is_valid() -> None:
    assert "local" in stacks.names()
    for name in stacks.names():
        assert isinstance(stacks.settings(name), Settings)


def test_the_project_file_describes_every_setting_and_no_other() -> None:
    config = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text())["config"]
    keys = {field.alias or name for name, field in Settings.model_fields.items()} | {"nodeKeySeed"}
    assert set(config) == {f"pouw:{key}" for key in keys}
    assert all(entry.get("description") for entry in config.values())


def test_an_unknown_stack_is_refused_with_those_that_exist(repository: Path) -> None:
    assert "got 'prod'; expected one of local" in refusal("prod", repository)


def test_a_stack_name_cannot_leave_the_repository(repository: Path) -> None:
    assert "no such stack" in refusal("../../etc/passwd", repository)


def test_malformed_yaml_is_told_with_its_line(repository: Path) -> None:
    (repository / "Pulumi.bad.yaml").write_text("config:\n  pouw:environment: [local\n")
    told = refusal("bad", repository)
    assert "Pulumi.bad.yaml:3:1" in told
    assert "is not YAML" in told


def test_a_file_that_is_no_text_is_refused(repository: Path) -> None:
    (repository / "Pulumi.bad.yaml").write_bytes(b"\xff\xfe\x00")
    assert "is not UTF-8 text" in refusal("bad", repository)


@pytest.mark.parametrize("text", ["[]", "text", "config: [1]", "config: text"])
def test_a_file_of_another_shape_is_refused(repository: Path, text: str) -> None:
    (repository / "Pulumi.bad.yaml").write_text(text)
    assert "has no usable 'config' section" in refusal("bad", repository)


def test_an_empty_file_is_told_as_what_it_lacks(repository: Path) -> None:
    (repository / "Pulumi.bad.yaml").write_text("")
    assert "pouw:sites: is missing" in refusal("bad", repository)


def test_a_fault_names_the_file_to_change(repository: Path) -> None:
    (repository / "Pulumi.bad.yaml").write_text("config:\n  pouw:sites: []\n")
    assert "change it in Pulumi.bad.yaml" in refusal("bad", repository)
