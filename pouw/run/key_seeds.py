"""The seed of the node keys of a stack whose file has none: made once, and stored in the state folder."""

from __future__ import annotations

import secrets
from pathlib import Path

from infra.faults import Fault
from infra.settings.stack import NAMESPACE, Settings
from pouw import files
from pouw.engine import preview_copy
from pouw.errors import ConfigurationError
from pouw.home import Home
from pouw.run import stacks

SETTING = "nodeKeySeed"
_SEED_BYTES = 32


def path(stack: str, home: Home) -> Path:
    """Return the file of a stack's seed."""
    return home.state / "keys" / f"{stack}.seed"


def seed(stack: str, home: Home) -> str:
    """Return the seed of a stack; the first call makes it."""
    file = path(stack, home)
    files.create(file, secrets.token_hex(_SEED_BYTES), mode=files.PRIVATE, durable=True)
    return file.read_text(encoding="utf-8")


def seed_for_preview(stack: str, home: Home) -> str:
    """Return the seed of a stack, or a placeholder if it does not exist yet. A preview writes nothing."""
    file = path(stack, home)
    return file.read_text(encoding="utf-8") if file.exists() else preview_copy.placeholder(SETTING)


def remove(stack: str, home: Home) -> None:
    """Remove the seed of a stack."""
    path(stack, home).unlink(missing_ok=True)


def require(stack: str, settings: Settings) -> None:
    """Require the seed in the file of a stack that several machines operate.

    A seed that is made here would give the nodes other keys on each machine.

    Raises:
        ConfigurationError: the stack is not local, and its file has no seed.
    """
    if settings.environment != "local" and SETTING not in stacks.values(stack):
        raise ConfigurationError(
            Fault(
                path=f"{NAMESPACE}:{SETTING}",
                message="is missing",
                got="nothing",
                expected=f"a secret in Pulumi.{stack}.yaml",
                reason="the nodes' keys are derived from it on every machine that operates the stack",
                remedy=f"openssl rand -hex 32 | pulumi config set --secret {NAMESPACE}:{SETTING} --stack {stack}",
            )
        )
