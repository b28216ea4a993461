from __future__ import annotations

import json
from pathlib import Path

import pytest

from pouw.engine.backend import choose, ensure_passphrase
from pouw.errors import EngineError


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("POUW_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def test_the_local_stack_is_always_kept_here(state: Path) -> None:
    chosen = choose("local", definition={}, settings={}, environment={"PULUMI_BACKEND_URL": "s3://bucket"})
    assert chosen.folder == state / "engine" / "backend"
    assert chosen.environment["PULUMI_BACKEND_URL"] == f"file://{state}/engine/backend"
    assert "PULUMI_CONFIG_PASSPHRASE" in chosen.drops
    assert chosen.state_file("pouw", "local") == state / "engine/backend/.pulumi/stacks/pouw/local.json"


def test_any_other_stack_is_kept_where_the_user_says() -> None:
    for definition, environment in (
        ({}, {"PULUMI_BACKEND_URL": "s3://bucket"}),
        ({"backend": {"url": "s3://bucket"}}, {}),
    ):
        chosen = choose("staging", definition=definition, settings={}, environment=environment)
        assert (chosen.url, chosen.folder, dict(chosen.environment)) == ("s3://bucket", None, {})


def test_a_login_is_used_with_its_token_and_left_as_it_is(tmp_path: Path) -> None:
    credentials = tmp_path / ".pulumi" / "credentials.json"
    credentials.parent.mkdir()
    url = "https://pulumi.example"
    credentials.write_text(json.dumps({"current": url, "accessTokens": {url: "pul-x"}}))
    before = credentials.stat().st_mtime_ns
    chosen = choose("staging", definition={}, settings={}, environment={"HOME": str(tmp_path)})
    assert chosen.environment == {"PULUMI_BACKEND_URL": url, "PULUMI_ACCESS_TOKEN": "pul-x"}
    assert credentials.stat().st_mtime_ns == before


def test_without_any_setting_of_the_users_every_stack_is_kept_here(tmp_path: Path, state: Path) -> None:
    chosen = choose("staging", definition={}, settings={}, environment={"HOME": str(tmp_path)})
    assert chosen.folder == state / "engine" / "backend"


def test_a_users_file_backend_is_one_that_recovery_can_read() -> None:
    chosen = choose("staging", definition={}, settings={}, environment={"PULUMI_BACKEND_URL": "file:///var/state"})
    assert chosen.folder == Path("/var/state")


def test_a_file_with_its_own_encryption_wants_the_users_passphrase() -> None:
    settings = {"encryptionsalt": "v1:x"}
    with pytest.raises(EngineError, match="PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE"):
        choose("local", definition={}, settings=settings, environment={})
    chosen = choose("local", definition={}, settings=settings, environment={"PULUMI_CONFIG_PASSPHRASE": "x"})
    assert chosen.drops == frozenset()
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in chosen.environment


def test_the_passphrase_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = ensure_passphrase(tmp_path / "new" / "passphrase")
    first = path.read_text()
    assert len(first) >= 40
    assert path.stat().st_mode & 0o777 == 0o600
    assert ensure_passphrase(path).read_text() == first
    assert [one.name for one in path.parent.iterdir()] == ["passphrase"]
