"""The backend of a stack: the place of its state, and the passphrase of its secrets."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.faults import Fault
from pouw import files
from pouw.errors import EngineError, ExitCode
from pouw.home import Home

LOCAL_STACK = "local"
"""Stack whose state is always on this machine, independent of the user's login."""

_PASSPHRASE_BYTES = 32
_PASSPHRASE_VARIABLES = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


@dataclass(frozen=True, kw_only=True)
class Backend:
    """One backend."""

    url: str
    folder: Path | None
    """Folder of a file backend; recovery reads and repairs the state there."""
    environment: Mapping[str, str]
    """Variables that the engine needs."""
    drops: frozenset[str] = frozenset()
    """Variables of the user that the engine must not get, because they would override those above."""

    def state_file(self, project: str, stack: str) -> Path | None:
        """Return the file of the stack's state, if it is on this machine."""
        return self.folder / ".pulumi" / "stacks" / project / f"{stack}.json" if self.folder else None

    def folders(self, project: str) -> Sequence[Path]:
        """Return the folders that the engine reads at its start, if they are on this machine."""
        root = self.folder / ".pulumi" if self.folder else None
        return (root, root / "stacks" / project) if root else ()

    def state_files(self, project: str, stack: str) -> Sequence[Path]:
        """Return the files of the stack's state, with its backup; empty for a stack that does not exist."""
        state = self.state_file(project, stack)
        return sorted(state.parent.glob(state.name + "*")) if state is not None and state.parent.exists() else []

    def lock_folder(self, project: str, stack: str) -> Path | None:
        """Return the folder of the engine's locks for the stack."""
        return self.folder / ".pulumi" / "locks" / "organization" / project / stack if self.folder else None


def choose(
    stack: str,
    *,
    definition: Mapping[str, Any],
    settings: Mapping[str, Any],
    home: Home,
    environment: Mapping[str, str],
) -> Backend:
    """Return the user's backend for any stack but ``local``, if one is set; else the local one below ``home``.

    The user's is, in this order: ``PULUMI_BACKEND_URL``, ``backend.url`` of ``Pulumi.yaml``, ``pulumi login``.
    ``settings`` is the stack's file: if it has its own encryption, the passphrase is the user's, too.
    ``environment`` is that of the run.

    Raises:
        EngineError: the stack's file was encrypted with a passphrase that is not set.
    """
    has_encryption = bool(settings.get("encryptionsalt") or settings.get("secretsprovider"))
    if settings.get("encryptionsalt") and not any(environment.get(name) for name in _PASSPHRASE_VARIABLES):
        raise EngineError(
            Fault(
                path=f"Pulumi.{stack}.yaml",
                message="its secrets are encrypted with a passphrase that is not set",
                expected=" or ".join(_PASSPHRASE_VARIABLES),
                remedy="export the passphrase that the file was written with",
            ),
            code=ExitCode.CONFIGURATION,
        )
    if backend := users_backend(stack, definition=definition, environment=environment):
        return backend
    folder = local_folder(home)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    url = folder.as_uri()
    if has_encryption:
        return Backend(url=url, folder=folder, environment={"PULUMI_BACKEND_URL": url})
    passphrase = ensure_passphrase(home.state / "engine" / "passphrase")
    return Backend(
        url=url,
        folder=folder,
        environment={"PULUMI_BACKEND_URL": url, "PULUMI_CONFIG_PASSPHRASE_FILE": str(passphrase)},
        drops=frozenset({"PULUMI_CONFIG_PASSPHRASE"}),
    )


def ensure_passphrase(path: Path) -> Path:
    """Create the file of the local passphrase, unless it exists, and return it. Of two processes the first one wins."""
    files.create(path, secrets.token_urlsafe(_PASSPHRASE_BYTES), mode=files.PRIVATE, durable=True)
    return path


def local_folder(home: Home) -> Path:
    """Return the folder of the local backend, which may not exist yet."""
    return home.state / "engine" / "backend"


def users_backend(stack: str, *, definition: Mapping[str, Any], environment: Mapping[str, str]) -> Backend | None:
    """Return the user's backend of a stack; None where it is the local one. Nothing is created or requested."""
    if stack == LOCAL_STACK:
        return None
    if url := environment.get("PULUMI_BACKEND_URL"):
        return Backend(url=url, folder=_folder(url), environment={})
    if url := str((definition.get("backend") or {}).get("url") or ""):
        return Backend(url=url, folder=_folder(url), environment={})
    pulumi_home = Path(environment.get("PULUMI_HOME") or Path(environment.get("HOME", "~"), ".pulumi")).expanduser()
    credentials = Path(environment.get("PULUMI_CREDENTIALS_PATH") or pulumi_home) / "credentials.json"
    if not credentials.exists():
        return None
    content = json.loads(credentials.read_text(encoding="utf-8"))
    url = str(content.get("current") or "")
    if not url:
        return None
    variables = {"PULUMI_BACKEND_URL": url}
    if token := (content.get("accessTokens") or {}).get(url):
        # The private home holds no credentials, so the engine gets the user's token for this run.
        variables["PULUMI_ACCESS_TOKEN"] = str(token)
    return Backend(url=url, folder=_folder(url), environment=variables)


def _folder(url: str) -> Path | None:
    if not url.startswith("file://"):
        return None
    return Path(url.removeprefix("file://")).expanduser()
