"""What the engine wishes for the names of resources whose program gives none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class NamingMode(Enum):
    """How the stack's ``pulumi:autonaming`` wants names made."""

    OWN = "own"
    PROPOSED = "proposed"
    ENFORCED = "enforced"
    DISABLED = "disabled"


@dataclass(frozen=True, kw_only=True)
class Naming:
    """The engine's wishes for one resource. ``seed`` makes a preview and its update agree."""

    resource: str
    seed: bytes = b""
    mode: NamingMode = NamingMode.OWN
    proposed: str = ""
