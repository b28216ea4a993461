"""The folders and the environment of one run: passed from the command, never read from the process in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

STATE_VARIABLE = "POUW_HOME"
CACHE_VARIABLE = "POUW_CACHE"


@dataclass(frozen=True, kw_only=True)
class Home:
    """Two folders and an environment. Two homes can be in use in one process."""

    state: Path
    """Backend, keys, kubeconfigs and cluster data. Without it, the next run makes a new network."""
    cache: Path
    """Built programs, images and wheels. Without it, the next run is slower."""
    environment: Mapping[str, str]
    """Variables that programs started for this home get, and that settings of ours are read from."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Home:
        """Return the home that an environment names.

        ``POUW_HOME`` and ``POUW_CACHE`` win over ``pouw`` below the XDG state and cache folders.
        """
        return cls(
            state=_folder(environment, STATE_VARIABLE, "XDG_STATE_HOME", ".local/state"),
            cache=_folder(environment, CACHE_VARIABLE, "XDG_CACHE_HOME", ".cache"),
            environment=MappingProxyType(dict(environment)),
        )


def _folder(environment: Mapping[str, str], variable: str, xdg: str, default: str) -> Path:
    if value := environment.get(variable):
        return Path(value).expanduser().resolve()
    base = environment.get(xdg)
    return (Path(base).expanduser() if base else Path.home() / default) / "pouw"
