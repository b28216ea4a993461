"""The configuration of a run: the repository's file and the caller's additions, composed in the state folder.

The engine writes into its configuration file, for example the salt of its encryption, and a local run must not change
the repository. The engine therefore gets the composed file with ``--config-file``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from pouw import files

ExtraConfig = Mapping[str, tuple[Any, bool]]
"""Configuration that the repository does not hold: by key, the value and True for a secret."""

_ENCRYPTION = ("secretsprovider", "encryptedkey", "encryptionsalt")
SetSecret = Callable[[str, str], None]
"""Encryption of one value into the composed file, from its key and plain text."""


@dataclass(frozen=True, kw_only=True)
class Addition:
    """One added key as the state folder keeps it. For a secret, only a fingerprint of the value is kept."""

    secret: bool
    value: Any = None
    fingerprint: str = ""


@dataclass(frozen=True, kw_only=True)
class Composition:
    """The content of the file, and the secrets that have to be encrypted into it."""

    settings: Mapping[str, Any]
    additions: Mapping[str, Addition]
    unset: Mapping[str, str]
    """Plain text by key: never written to a file, only passed to the engine."""


def compose(
    *,
    repository: Mapping[str, Any],
    previous: Mapping[str, Any],
    additions: Mapping[str, Addition],
    extra: ExtraConfig,
    mark: Callable[[str], str],
) -> Composition:
    """Return the file's content. ``extra`` overrides earlier additions, and these override the repository.

    An added key stays until it is added again, so its value is stable from run to run. ``mark`` returns the
    fingerprint of a secret.
    """
    encryption = {key: repository[key] for key in _ENCRYPTION if key in repository}
    previous_encryption = {key: previous[key] for key in _ENCRYPTION if key in previous}
    same_encryption = not encryption or encryption == previous_encryption
    old: Mapping[str, Any] = previous.get("config") or {}
    config: dict[str, Any] = dict(repository.get("config") or {})
    merged = {**additions, **{key: _addition(value, secret, mark) for key, (value, secret) in extra.items()}}
    unset: dict[str, str] = {}
    for key, addition in merged.items():
        if not addition.secret:
            config[key] = addition.value
        elif same_encryption and key in old and additions.get(key) == addition:
            config[key] = old[key]
        elif key in extra:
            unset[key] = _text(extra[key][0])
            config.pop(key, None)
    remaining = {key: addition for key, addition in merged.items() if key in config or key in unset}
    settings = {**(encryption or previous_encryption), "config": config}
    return Composition(settings=settings, additions=remaining, unset=unset)


@dataclass(frozen=True, kw_only=True)
class StackConfig:
    """The composed file of one stack, and the additions beside it."""

    folder: Path

    @property
    def path(self) -> Path:
        """File for ``--config-file``."""
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
        """Compose the file and write it. ``key`` marks secrets; ``salt`` is the encryption of a new stack."""
        previous = {**salt, **_load(self.path)}
        composition = compose(
            repository=repository,
            previous=previous,
            additions=self._additions(),
            extra=extra,
            mark=lambda text: hmac.new(key, text.encode(), hashlib.sha256).hexdigest(),
        )
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if composition.settings != previous or not self.path.exists():
            files.write(self.path, yaml.safe_dump(dict(composition.settings), sort_keys=True), mode=files.PRIVATE)
        for name, text in composition.unset.items():
            encrypt(name, text)
        # Written last, so that the run after a killed one encrypts the same secrets again.
        if composition.additions != self._additions():
            content = {name: asdict(addition) for name, addition in composition.additions.items()}
            files.write(self._additions_file, json.dumps(content, sort_keys=True), mode=files.PRIVATE)

    @property
    def _additions_file(self) -> Path:
        return self.folder / "additions.json"

    def _additions(self) -> Mapping[str, Addition]:
        if not self._additions_file.exists():
            return {}
        content = json.loads(self._additions_file.read_text(encoding="utf-8"))
        return {name: Addition(**addition) for name, addition in content.items()}


def _addition(value: Any, secret: bool, mark: Callable[[str], str]) -> Addition:
    return Addition(secret=True, fingerprint=mark(_text(value))) if secret else Addition(secret=False, value=value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _load(path: Path) -> Mapping[str, Any]:
    """Return the composed file. A damaged one, which a killed engine wrote, is empty: its content is composed again."""
    if not path.exists():
        return {}
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError:
        return {}
    return content if isinstance(content, dict) else {}
