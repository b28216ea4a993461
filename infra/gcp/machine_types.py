"""Machine types: each pool's default, and the accelerators and disk types of a machine type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from infra.settings.site import NodePool

DEFAULTS: Final[Mapping[str, str]] = {"system": "e2-standard-4", "miners": "n2-standard-8", "rpc": "n2-standard-4"}

_ACCELERATORS: Final[Mapping[str, tuple[str, tuple[tuple[str, int], ...]]]] = {
    "nvidia-l4": (
        "g2-standard",
        (("4", 1), ("8", 1), ("12", 1), ("16", 1), ("24", 2), ("32", 1), ("48", 4), ("96", 8)),
    ),
    "nvidia-rtx-pro-6000": ("g4-standard", (("48", 1), ("96", 2), ("192", 4), ("384", 8))),
    "nvidia-tesla-a100": ("a2-highgpu", (("1g", 1), ("2g", 2), ("4g", 4), ("8g", 8))),
    "nvidia-a100-80gb": ("a2-ultragpu", (("1g", 1), ("2g", 2), ("4g", 4), ("8g", 8))),
    "nvidia-h100-80gb": ("a3-highgpu", (("1g", 1), ("2g", 2), ("4g", 4), ("8g", 8))),
    "nvidia-h100-mega-80gb": ("a3-megagpu", (("8g", 8),)),
    "nvidia-h200-141gb": ("a3-ultragpu", (("8g", 8),)),
    "nvidia-b200": ("a4-highgpu", (("8g", 8),)),
}
_HYPERDISK_ONLY: Final = ("a3-ultragpu", "a4", "c4", "g4", "n4")


@dataclass(frozen=True, kw_only=True)
class Accelerators:
    """The accelerators of one machine."""

    kind: str
    count: int


ACCELERATORS: Final[Mapping[str, Accelerators]] = {
    f"{family}-{size}": Accelerators(kind=kind, count=count)
    for kind, (family, sizes) in _ACCELERATORS.items()
    for size, count in sizes
}
"""Accelerators by machine type; other types have none."""


def machine_type(pool: str, settings: NodePool) -> str:
    """Return the machine type of a pool."""
    return settings.instance or DEFAULTS[pool]


def disk_type(machine: str) -> str:
    """Return the disk type of a machine type; the newest families support only one."""
    hyperdisk_only = machine.startswith(tuple(f"{family}-" for family in _HYPERDISK_ONLY))
    return "hyperdisk-balanced" if hyperdisk_only else "pd-balanced"
