from __future__ import annotations

import json
from pathlib import Path

import pytest

from pouw.engine.backend import choose, ensure_passphrase
from pouw.errors import EngineError
from pouw.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(state=tmp_path / "state", cache=tmp_path / "cache", environment={})


def test_the_local_stack_has_the_local_backend(home: Home) -> None:
    backend = choose(
        "local",
        definition={},
        settings={},
        environment={"PULUMI_BACKEND_URL": "s3://bucket"},
        home=home,
    )
    assert backend.folder == home.state / "engine" / "backend"
    assert backend.environment["PULUMI_BACKEND_URL"] == f"file://{home.state}/engine/backend"
    assert "PULUMI_CONFIG_PASSPHRASE" in backend.drops
    assert backend.state_file("pouw", "local") == home.state / "engine/backend/.pulumi/stacks/pouw/local.json"


def test_any_other_stack_has_the_users_backend(home: Home) -> None:
    for definition, environment in (
        ({}, {"PULUMI_BACKEND_URL": "s3://bucket"}),
        ({"backend": {"url": "s3://bucket"}}, {}),
    ):
        backend = choose(
            "staging",
            definition=definition,
            settings={},
            environment=environment,
            home=home,
        )
        assert (backend.url, backend.folder, dict(backend.environment)) == ("s3://bucket", None, {})


def test_a_login_is_used_with_its_token_and_not_changed(tmp_path: Path, home: Home) -> None:
    credentials = tmp_path / ".pulumi" / "credentials.json"
    credentials.parent.mkdir()
    url = "https://pulumi.example"
    credentials.write_text(json.dumps({"current": url, "accessTokens": {url: "pul-x"}}))
    before = credentials.stat().st_mtime_ns
    backend = choose(
        "staging",
        definition={},
        settings={},
        environment={"HOME": str(tmp_path)},
        home=home,
    )
    assert backend.environment == {"PULUMI_BACKEND_URL": url, "PULUMI_ACCESS_TOKEN": "pul-x"}
    assert credentials.stat().st_mtime_ns == before


def test_a_stack_without_a_users_backend_has_the_local_one(tmp_path: Path, home: Home) -> None:
    backend = choose(
        "staging",
        definition={},
        settings={},
        environment={"HOME": str(tmp_path)},
        home=home,
    )
    assert backend.folder == home.state / "engine" / "backend"


def test_recovery_can_read_a_file_backend_of_the_user(home: Home) -> None:
    backend = choose(
        "staging",
        definition={},
        settings={},
        environment={"PULUMI_BACKEND_URL": "file:///var/state"},
        home=home,
    )
    assert backend.folder == Path("/var/state")


def test_a_file_with_its_own_encryption_needs_the_users_passphrase(home: Home) -> None:
    settings = {"encryptionsalt": "v1:x"}
    with pytest.raises(EngineError, match="PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE"):
        choose("local", definition={}, settings=settings, environment={}, home=home)
    backend = choose(
        "local",
        definition={},
        settings=settings,
        environment={"PULUMI_CONFIG_PASSPHRASE": "x"},
        home=home,
    )
    assert backend.drops == frozenset()
    assert "PULUMI_CONFIG_PASSPHRASE_FILE" not in backend.environment


def test_the_passphrase_is_created_once_and_private(tmp_path: Path) -> None:
    path = ensure_passphrase(tmp_path / "new" / "passphrase")
    first = path.read_text()
    assert len(first) >= 40
    assert path.stat().st_mode & 0o777 == 0o600
    assert ensure_passphrase(path).read_text() == first
    assert [entry.name for entry in path.parent.iterdir()] == ["passphrase"]
