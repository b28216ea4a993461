from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from pouw.engine.stack_configuration import Addition, ExtraConfig, StackConfig, compose


class Cipher:
    """Simulate the engine: write a value that does not show the text."""

    def __init__(self, config: StackConfig) -> None:
        self.config, self.encrypted = config, list[str]()

    def __call__(self, key: str, text: str) -> None:
        self.encrypted.append(key)
        content = yaml.safe_load(self.config.path.read_text())
        content["config"][key] = {"secure": f"v1:{len(text)}:{len(self.encrypted)}"}
        self.config.path.write_text(yaml.safe_dump(content))


def write(config: StackConfig, cipher: Cipher, repository: dict[str, Any], extra: ExtraConfig) -> dict[str, Any]:
    config.write(repository, extra, key=b"k", salt={"encryptionsalt": "v1:salt"}, encrypt=cipher)
    return dict(yaml.safe_load(config.path.read_text()))


def test_extra_values_win_over_the_repository_and_stay(tmp_path: Path) -> None:
    config = StackConfig(folder=tmp_path / "stack")
    cipher = Cipher(config)
    first = write(config, cipher, {"config": {"a:x": 1, "a:y": 2}}, {"a:y": ({"deep": [3]}, False)})
    assert first == {"encryptionsalt": "v1:salt", "config": {"a:x": 1, "a:y": {"deep": [3]}}}
    second = write(config, cipher, {"config": {"a:x": 9}}, {})
    assert second["config"] == {"a:x": 9, "a:y": {"deep": [3]}}


def test_a_secret_is_encrypted_once_and_again_only_when_it_changes(tmp_path: Path) -> None:
    config = StackConfig(folder=tmp_path)
    cipher = Cipher(config)
    for value, times in (("one", 1), ("one", 1), ("two", 2)):
        content = write(config, cipher, {}, {"a:s": (value, True)})
        assert content["config"]["a:s"]["secure"] == f"v1:3:{times}"
    assert write(config, cipher, {}, {})["config"]["a:s"]["secure"] == "v1:3:2"
    assert "two" not in "".join(path.read_text() for path in tmp_path.iterdir())


def test_an_unchanged_composition_writes_nothing(tmp_path: Path) -> None:
    config = StackConfig(folder=tmp_path)
    cipher = Cipher(config)
    write(config, cipher, {"config": {"a:x": 1}}, {"a:y": (2, False)})
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    write(config, cipher, {"config": {"a:x": 1}}, {"a:y": (2, False)})
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    config = StackConfig(folder=tmp_path)
    cipher = Cipher(config)
    write(config, cipher, {"config": {"a:x": 1}}, {"a:s": ("one", True)})
    config.path.write_text("config: {a:s: {secu")
    assert write(config, cipher, {"config": {"a:x": 1}}, {"a:s": ("one", True)})["config"].keys() == {"a:x", "a:s"}


def test_a_repository_with_its_own_encryption_drops_what_ours_encrypted() -> None:
    mark = {"a:s": Addition(secret=True, fingerprint="one")}
    composed = compose(
        repository={"encryptionsalt": "theirs", "config": {"a:t": {"secure": "t"}}},
        previous={"encryptionsalt": "ours", "config": {"a:s": {"secure": "s"}}},
        additions=mark,
        extra={"a:s": ("one", True)},
        mark=lambda text: text,
    )
    assert composed.settings == {"encryptionsalt": "theirs", "config": {"a:t": {"secure": "t"}}}
    assert composed.unset == {"a:s": "one"}
