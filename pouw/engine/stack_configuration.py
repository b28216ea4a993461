"""The configuration that a run reads: the repository's file plus what the caller adds, composed in the state directory.

The engine writes into its configuration file (the salt of its encryption, for one), and a local run must not change the
repository. So it is given a file of ours with ``--config-file``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

ExtraConfig = Mapping[str, tuple[Any, bool]]
"""Configuration that the repository does not hold: key to value and whether it is a secret."""

_ENCRYPTION = ("secretsprovider", "encryptedkey", "encryptionsalt")
SetSecret = Callable[[str, str], None]
"""Encrypts one value into the composed file: key and plain text."""


@dataclass(frozen=True, kw_only=True)
class Addition:
    """One added key as it is kept. A secret's value is not: only what tells whether it changed."""

    secret: bool
    value: Any = None
    fingerprint: str = ""


@dataclass(frozen=True, kw_only=True)
class Composition:
    """What is to be written, and which secrets still have to be encrypted into it."""

    settings: Mapping[str, Any]
    additions: Mapping[str, Addition]
    unset: Mapping[str, str]
    """Plain text by key: never written anywhere, only handed to the engine."""


def compose(
    *,
    repository: Mapping[str, Any],
    previous: Mapping[str, Any],
    additions: Mapping[str, Addition],
    extra: ExtraConfig,
    mark: Callable[[str], str],
) -> Composition:
    """The file's content. ``extra`` wins over what was added before, and that over the repository.

    Keys that were added once stay until they are given again: their values are stable from run to run. ``mark`` makes
    the fingerprint of a secret.
    """
    encryption = {key: repository[key] for key in _ENCRYPTION if key in repository}
    kept_encryption = {key: previous[key] for key in _ENCRYPTION if key in previous}
    same_encryption = not encryption or encryption == kept_encryption
    old: Mapping[str, Any] = previous.get("config") or {}
    config: dict[str, Any] = dict(repository.get("config") or {})
    merged = {**additions, **{key: _addition(value, secret, mark) for key, (value, secret) in extra.items()}}
    unset: dict[str, str] = {}
    for key, added in merged.items():
        if not added.secret:
            config[key] = added.value
        elif same_encryption and key in old and additions.get(key) == added:
            config[key] = old[key]
        elif key in extra:
            unset[key] = _text(extra[key][0])
            config.pop(key, None)
    stays = {key: added for key, added in merged.items() if key in config or key in unset}
    settings = {**(encryption or kept_encryption), "config": config}
    return Composition(settings=settings, additions=stays, unset=unset)


@dataclass(frozen=True, kw_only=True)
class StackConfig:
    """The composed file of one stack and what is remembered beside it."""

    folder: Path

    @property
    def path(self) -> Path:
        """The file for ``--config-file``."""
        return self.folder / "config.yaml"

    def write(
        self,
        repository: Mapping[str, Any],
        extra: ExtraConfig,
        *,
        key: bytes,
        salt: Mapping[str, Any],
        encrypt: SetSecret,
    ) -> None:
        """Compose and write it. ``key`` marks secrets; ``salt`` is the encryption of a stack that was just made."""
        previous = {**salt, **_load(self.path)}
        composed = compose(
            repository=repository,
            previous=previous,
            additions=self._additions(),
            extra=extra,
            mark=lambda text: hmac.new(key, text.encode(), hashlib.sha256).hexdigest(),
        )
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if composed.settings != previous or not self.path.exists():
            _replace(self.path, yaml.safe_dump(dict(composed.settings), sort_keys=True))
        for name, text in composed.unset.items():
            encrypt(name, text)
        # Last: a run that is killed before it encrypts the same secrets again.
        if composed.additions != self._additions():
            kept = {name: asdict(added) for name, added in composed.additions.items()}
            _replace(self._memory, json.dumps(kept, sort_keys=True))

    @property
    def _memory(self) -> Path:
        return self.folder / "additions.json"

    def _additions(self) -> Mapping[str, Addition]:
        if not self._memory.exists():
            return {}
        content = json.loads(self._memory.read_text(encoding="utf-8"))
        return {name: Addition(**added) for name, added in content.items()}


def _addition(value: Any, secret: bool, mark: Callable[[str], str]) -> Addition:
    return Addition(secret=True, fingerprint=mark(_text(value))) if secret else Addition(secret=False, value=value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _load(path: Path) -> Mapping[str, Any]:
    """The composed file. Damaged (a killed engine was writing it) counts as gone: all of it can be made again."""
    if not path.exists():
        return {}
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError:
        return {}
    return content if isinstance(content, dict) else {}


def _replace(path: Path, text: str) -> None:
    made = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    made.replace(path)
