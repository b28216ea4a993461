"""A copy of a stack for a preview, so that a preview changes nothing and takes no lock.

A preview writes the engine's locks, the composed configuration and the recovery of a killed run into a folder of its
own, which is removed at the end. Previews of one stack therefore run side by side.

A stack that does not exist yet has nothing to copy. It is previewed from an empty state, and each of its secrets is a
placeholder: no value exists that the true one could be compared with. A client without the passphrase, such as a pull
request from a fork, gets the same plan. State and placeholders are written here in the engine's format, because the
engine would need two runs for them, as long as the preview itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pouw.engine import backend as backends
from pouw.engine import fault_log, stack_lock
from pouw.engine.backend import Backend
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.engine.session import Session, lock_file, open_session
from pouw.engine.stack_configuration import ExtraConfig, StackConfig
from pouw.home import Home
from pouw.progress import Progress

_ENCRYPTION = ("secretsprovider", "encryptedkey", "encryptionsalt")
_PASSPHRASE_FILE = "PULUMI_CONFIG_PASSPHRASE_FILE"  # noqa: S105 - a name
_NONCE_BYTES = 12

PASSPHRASE = "preview"  # noqa: S105 - it protects nothing: what it encrypts is a placeholder
SALT = b"pouwview"
KEY = bytes.fromhex("6dd6daa9e7a864c9f8a6a234c408c2ede3df8db41431ac46620430b60e53ae2b")
"""Key that the engine derives from these two, in a million rounds of PBKDF2 with SHA-256."""


@contextmanager
def opened_for_preview(
    stack: str,
    engine: Engine,
    *,
    extra: ExtraConfig,
    project: Project,
    progress: Progress,
    home: Home,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Session]:
    """Yield the stack, ready to be previewed. A backend that is not a folder gives the stack itself, held as for a run.

    Raises:
        ConfigurationError: unknown stack or malformed file.
        EngineError: another run holds it (BUSY), or its secrets have no passphrase.
    """
    variables = {**engine.environment(home.environment), **(environment or {})}
    users_backend = backends.users_backend(stack, definition=project.definition(), environment=variables)
    backend = users_backend or Backend(url="", folder=backends.local_folder(home), environment={})
    with tempfile.TemporaryDirectory(prefix="pouw-preview-") as name:
        folder = Path(name)
        if project.is_without_state or (backend.folder and not backend.state_files(project.name, stack)):
            yield _new(stack, engine, project, folder, variables, extra)
            return
        session = Session.of(stack, engine, project, home=home, environment=environment)
        if backend.folder is not None:
            copy = _copy(session, folder, home)
            copy.prepare(extra)
            copy.recover(None, progress)
            yield copy
        elif session.exists():
            with open_session(
                stack,
                engine,
                operation="preview",
                extra=extra,
                project=project,
                progress=progress,
                home=home,
                environment=environment,
            ) as (original, _):
                yield original
        else:
            yield _new(stack, engine, project, folder, variables, extra)


def placeholder(key: str) -> str:
    """Return the placeholder of a secret that does not exist yet: 64 hexadecimal digits, the same each time."""
    return hashlib.sha256(f"preview of {key}".encode()).hexdigest()


def _new(
    stack: str, engine: Engine, project: Project, folder: Path, environment: Mapping[str, str], extra: ExtraConfig
) -> Session:
    """Return the session of a stack with an empty state and placeholders for its secrets."""
    settings = {key: value for key, value in project.stack_settings(stack).items() if key not in _ENCRYPTION}
    additions = {key: _sealed(placeholder(key)) if secret else value for key, (value, secret) in extra.items()}
    settings_config = {key: _without_secrets(value, key) for key, value in (settings.get("config") or {}).items()}
    config = StackConfig(folder=folder / "config")
    config.folder.mkdir(mode=0o700)
    salt = f"v1:{_base64(SALT)}:{_encrypted('pulumi')}"
    composed = {**settings, "config": {**settings_config, **additions}, "encryptionsalt": salt}
    config.path.write_text(yaml.safe_dump(composed), encoding="utf-8")
    backend = _backend(folder)
    _write_state(backend, project.name, stack)
    return Session(
        engine=engine,
        project=project,
        stack=stack,
        backend=backend,
        config=config,
        settings=settings,
        environment={
            **{key: value for key, value in environment.items() if key != _PASSPHRASE_FILE},
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            **backend.environment,
        },
    )


def _copy(session: Session, folder: Path, home: Home) -> Session:
    """Return the session on a copy of its state and configuration, made while no run changes them."""
    backend = _backend(folder)
    name, stack = session.project.name, session.stack
    target = backend.state_file(name, stack)
    if target is None:
        raise RuntimeError("a folder without a state file")
    target.parent.mkdir(parents=True)
    config = StackConfig(folder=folder / "config")
    with stack_lock.share(lock_file(session.project, stack, home), stack=stack):
        for path in session.backend.state_files(name, stack):
            shutil.copy2(path, target.parent)
        if session.config.folder.exists():
            ignored = shutil.ignore_patterns("events", fault_log.FILE_NAME, "new", ".*")
            shutil.copytree(session.config.folder, config.folder, ignore=ignored)
    return replace(
        session,
        backend=replace(backend, environment={**session.backend.environment, **backend.environment}),
        config=config,
        environment={**session.environment, **backend.environment},
    )


def _backend(folder: Path) -> Backend:
    root = folder / "backend"
    (root / ".pulumi").mkdir(parents=True)
    (root / ".pulumi" / "meta.yaml").write_text("version: 1\n", encoding="utf-8")
    return Backend(url=root.as_uri(), folder=root, environment={"PULUMI_BACKEND_URL": root.as_uri()})


def _write_state(backend: Backend, project: str, stack: str) -> None:
    """Write an empty state."""
    path = backend.state_file(project, stack)
    if path is None:
        raise RuntimeError("a folder without a state file")
    path.parent.mkdir(parents=True)
    checkpoint = {"stack": f"organization/{project}/{stack}", "latest": None}
    path.write_text(json.dumps({"version": 3, "checkpoint": checkpoint}), encoding="utf-8")


def _without_secrets(value: Any, key: str) -> Any:
    if isinstance(value, Mapping):
        if set(value) == {"secure"}:
            return _sealed(placeholder(key))
        return {name: _without_secrets(item, f"{key}.{name}") for name, item in value.items()}
    if isinstance(value, list):
        return [_without_secrets(item, f"{key}[{index}]") for index, item in enumerate(value)]
    return value


def _sealed(text: str) -> Mapping[str, str]:
    return {"secure": _encrypted(text)}


def _encrypted(text: str) -> str:
    nonce = os.urandom(_NONCE_BYTES)
    return f"v1:{_base64(nonce)}:{_base64(AESGCM(KEY).encrypt(nonce, text.encode(), None))}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
