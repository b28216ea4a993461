"""The engine's options for names of resources that the program does not name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class NamingMode(Enum):
    """Mode of the stack's ``pulumi:autonaming``."""

    DEFAULT = "default"
    PROPOSED = "proposed"
    ENFORCED = "enforced"
    DISABLED = "disabled"


@dataclass(frozen=True, kw_only=True)
class Naming:
    """The engine's options for one resource. ``seed`` gives a preview and its update the same name."""

    resource: str
    seed: bytes = b""
    mode: NamingMode = NamingMode.DEFAULT
    proposed: str = ""
