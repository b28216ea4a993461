"""The settings from a stack's file, before any engine runs."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from infra.settings.stack import Settings
from pouw.engine.project import Project
from pouw.errors import ConfigurationError
from pouw.paths import REPOSITORY
from pouw.run import stacks


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy of this repository's project with its local stack alone."""
    (tmp_path / "Pulumi.yaml").write_text((REPOSITORY / "Pulumi.yaml").read_text())
    (tmp_path / "Pulumi.local.yaml").write_text((REPOSITORY / "Pulumi.local.yaml").read_text())
    return Project(root=tmp_path)


def refusal(project: Project, text: str) -> str:
    """Return the message about a stack whose file contains ``text``."""
    (project.root / "Pulumi.bad.yaml").write_text(text)
    with pytest.raises(ConfigurationError) as refused_file:
        stacks.settings("bad", project=project)
    return str(refused_file.value)


def test_every_stack_of_this_repository_is_valid() -> None:
    assert "local" in stacks.names()
    for name in stacks.names():
        assert isinstance(stacks.settings(name), Settings)


def test_the_project_file_describes_every_setting_and_no_other() -> None:
    config = yaml.safe_load((REPOSITORY / "Pulumi.yaml").read_text())["config"]
    keys = {field.alias or name for name, field in Settings.model_fields.items()} | {"nodeKeySeed"}
    assert set(config) == {f"pouw:{key}" for key in keys}
    assert all(entry.get("description") for entry in config.values())


def test_a_value_of_a_stack_overrides_the_default_of_the_project(project: Project) -> None:
    text = "name: pouw\nconfig: {'pouw:environment': {default: local}, 'pouw:nodes': {default: {miners: 7}}}\n"
    (project.root / "Pulumi.yaml").write_text(text)
    (project.root / "Pulumi.own.yaml").write_text("config: {'pouw:nodes': {miners: 2}, 'other:key': 1}\n")
    assert stacks.values("own", project) == {"environment": "local", "nodes": {"miners": 2}}


def test_an_empty_file_is_refused_for_its_missing_keys(project: Project) -> None:
    assert "pouw:sites: is missing" in refusal(project, "")


def test_a_fault_names_the_file_to_change(project: Project) -> None:
    assert "change it in Pulumi.bad.yaml" in refusal(project, "config:\n  pouw:sites: []\n")
