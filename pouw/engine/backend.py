"""Where the state of a stack is kept, and with which passphrase its secrets are."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.faults import Fault
from pouw.errors import EngineError, ExitCode
from pouw.paths import state_dir

LOCAL_STACK = "local"
"""Always kept on this machine, whatever the user is logged in to."""

_PASSPHRASE_BYTES = 32
_PASSPHRASES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


@dataclass(frozen=True, kw_only=True)
class Backend:
    """One place of state."""

    url: str
    folder: Path | None
    """The folder behind a file backend; recovery reads and repairs the state there."""
    environment: Mapping[str, str]
    """What the engine has to be told."""
    drops: frozenset[str] = frozenset()
    """What it must not be told: variables of the user's that would win over ours."""

    def state_file(self, project: str, stack: str) -> Path | None:
        """The stack's state, if it is a file on this machine."""
        return self.folder / ".pulumi" / "stacks" / project / f"{stack}.json" if self.folder else None

    def folders(self, project: str) -> Sequence[Path]:
        """Where the files lie that the engine reads before it does anything, if they are on this machine."""
        own = self.folder / ".pulumi" if self.folder else None
        return (own, own / "stacks" / project) if own else ()

    def state_files(self, project: str, stack: str) -> Sequence[Path]:
        """The files that hold the stack's state, its backup among them; none while it was never made."""
        state = self.state_file(project, stack)
        return sorted(state.parent.glob(state.name + "*")) if state is not None and state.parent.exists() else []

    def lock_folder(self, project: str, stack: str) -> Path | None:
        """Where the engine puts its locks for the stack."""
        return self.folder / ".pulumi" / "locks" / "organization" / project / stack if self.folder else None


def choose(
    stack: str, *, definition: Mapping[str, Any], settings: Mapping[str, Any], environment: Mapping[str, str]
) -> Backend:
    """The user's own backend for any stack but ``local``, if one is set; else files below our state.

    The user's is, in this order: ``PULUMI_BACKEND_URL``, ``backend.url`` of ``Pulumi.yaml``, ``pulumi login``.
    ``settings`` is the stack's file: when it brings its own encryption, its passphrase is the user's, too.

    Raises:
        EngineError: the stack's file was encrypted with a passphrase that is not set.
    """
    own_encryption = bool(settings.get("encryptionsalt") or settings.get("secretsprovider"))
    if settings.get("encryptionsalt") and not any(environment.get(name) for name in _PASSPHRASES):
        raise EngineError(
            Fault(
                path=f"Pulumi.{stack}.yaml",
                message="its secrets are encrypted with a passphrase that is not set",
                expected=" or ".join(_PASSPHRASES),
                remedy="export the passphrase that the file was written with",
            ),
            code=ExitCode.CONFIGURATION,
        )
    if theirs := users(stack, definition=definition, environment=environment):
        return theirs
    root = state_dir() / "engine"
    folder = own_folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    url = folder.as_uri()
    if own_encryption:
        return Backend(url=url, folder=folder, environment={"PULUMI_BACKEND_URL": url})
    passphrase = ensure_passphrase(root / "passphrase")
    return Backend(
        url=url,
        folder=folder,
        environment={"PULUMI_BACKEND_URL": url, "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase)},
        drops=frozenset({"PULUMI_CONFIG_PASSPHRASE"}),
    )


def ensure_passphrase(path: Path) -> Path:
    """The file with our passphrase; made once, readable by its owner alone, whole or not there."""
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(_PASSPHRASE_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(made, path)  # the first of two that race wins; a rename would let the last
    except FileExistsError:
        pass
    finally:
        made.unlink()
    return path


def own_folder() -> Path:
    """The folder of our own backend, whether it is there or not."""
    return state_dir() / "engine" / "backend"


def users(stack: str, *, definition: Mapping[str, Any], environment: Mapping[str, str]) -> Backend | None:
    """The user's own backend of a stack; none where it is ours. Nothing is made and nothing is asked."""
    if stack == LOCAL_STACK:
        return None
    if url := environment.get("PULUMI_BACKEND_URL"):
        return Backend(url=url, folder=_folder(url), environment={})
    if url := str((definition.get("backend") or {}).get("url") or ""):
        return Backend(url=url, folder=_folder(url), environment={})
    home = Path(environment.get("PULUMI_HOME") or Path(environment.get("HOME", "~"), ".pulumi")).expanduser()
    credentials = Path(environment.get("PULUMI_CREDENTIALS_PATH") or home) / "credentials.json"
    if not credentials.exists():
        return None
    content = json.loads(credentials.read_text(encoding="utf-8"))
    url = str(content.get("current") or "")
    if not url:
        return None
    told = {"PULUMI_BACKEND_URL": url}
    token = (content.get("accessTokens") or {}).get(url)
    # Our private home holds no credentials: the engine gets the user's token for this run.
    return Backend(
        url=url, folder=_folder(url), environment={**told, "PULUMI_ACCESS_TOKEN": str(token)} if token else told
    )


def _folder(url: str) -> Path | None:
    if not url.startswith("file://"):
        return None
    rest = url.removeprefix("file://")
    return Path(rest).expanduser()
