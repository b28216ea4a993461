"""Settings from the environment: read once, at start, all faults reported together."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from node.errors import SettingFault, SettingsError

PREFIX = "POUW_"
CONTROL_VARIABLES = frozenset(
    {
        "POUW_CACHE",
        "POUW_ENGINE_BASE_URL",
        "POUW_ENGINE_SHA256",
        "POUW_HOME",
        "POUW_POLICY_RECORD",
        "POUW_REHEARSAL",
    }
)
"""Variables of the ``pouw`` command. A shell that exports one of them can start a node all the same."""
_PORT_LIMIT = 65535


class Role(StrEnum):
    """Role of a node. Every role checks every block; only miners mine; only archives keep all bodies."""

    MINER = "miner"
    VERIFIER = "verifier"
    CLIENT = "client"
    ARCHIVE = "archive"
    BOOTNODE = "bootnode"


def parse_endpoint(text: str) -> tuple[str, int]:
    """``host:port`` as a pair. Raises ValueError with a sentence fit to print."""
    host, separator, port = text.strip().rpartition(":")
    if not separator or not host or not port.isdigit() or not 1 <= int(port) <= _PORT_LIMIT:
        raise ValueError(f"{text!r} is not host:port")
    return host.strip("[]"), int(port)


def _endpoints(value: object) -> object:
    if isinstance(value, str):
        return tuple(parse_endpoint(part) for part in value.split(",") if part.strip())
    return value


def _endpoint(value: object) -> object:
    return parse_endpoint(value) if isinstance(value, str) and value else None


def _lower(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


Endpoint = tuple[str, int]
Port = Annotated[int, Field(ge=0, le=_PORT_LIMIT)]
"""0 lets the system choose."""


class Settings(BaseModel):
    """Each field is the variable ``POUW_<FIELD>``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Annotated[Role, BeforeValidator(_lower)] = Role.VERIFIER
    network_id: int = Field(default=1337, ge=1, le=2**32 - 1)
    data_dir: Path = Path("pouw-data")
    bootnodes: Annotated[tuple[Endpoint, ...], BeforeValidator(_endpoints)] = ()
    advertise: Annotated[Endpoint | None, BeforeValidator(_endpoint)] = None
    log_level: Annotated[str, BeforeValidator(_lower), Field(pattern="^(debug|info|warning|error)$")] = "info"
    network_file: Path | None = None
    node_key_file: Path | None = None
    node_name: str = Field(default="", max_length=64, pattern=r"^[A-Za-z0-9._-]*$")
    site: str = Field(default="", max_length=64, pattern=r"^[A-Za-z0-9._-]*$")
    slot: str = Field(default="", max_length=64, pattern=r"^[A-Za-z0-9._-]*$")
    host: str = "0.0.0.0"  # noqa: S104 - a node serves its network; POUW_HOST narrows it
    rpc_port: Port = 8545
    ws_port: Port = 8546
    p2p_port: Port = 30303
    admin_token_file: Path | None = None
    datasets_dir: Path | None = None
    miner_pace_ms: int = Field(default=250, ge=0, le=60_000)
    """Time from the start of one iteration to the start of the next: bounds the processor time of a miner."""
    peer_limit: int = Field(default=50, ge=1, le=1000)
    ready_lag_blocks: int = Field(default=5, ge=0, le=10_000)
    rpc_rate: int = Field(default=0, ge=0, le=1_000_000)
    """Requests a second that one client address may send; 0 does not limit."""
    drain_s: float = Field(default=15.0, ge=0, le=120)
    """Longest time from SIGTERM to exit."""
    linger_s: float = Field(default=2.0, ge=0, le=60)
    """Part of the drain in which requests are still answered though not ready, so that balancers see it in time."""


def read(environment: Mapping[str, str]) -> Settings:
    """Read settings from ``POUW_*``. Raises SettingsError with every fault. Values are shown: none is a secret."""
    values: dict[str, Any] = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX) and name not in CONTROL_VARIABLES
    }
    cleared = {name: value for name, value in values.items() if value != ""}
    unknown = sorted(set(values) - set(Settings.model_fields))
    faults = [
        SettingFault(
            name=PREFIX + name.upper(), message="is not a setting", expected=f"one of {', '.join(sorted(names()))}"
        )
        for name in unknown
    ]
    try:
        settings = Settings(**{name: value for name, value in cleared.items() if name not in unknown})
    except ValidationError as error:
        for item in error.errors(include_url=False):
            name = PREFIX + str(item["loc"][0]).upper()
            faults.append(SettingFault(name=name, message=item["msg"], got=repr(item["input"])))
        raise SettingsError(faults) from error
    if faults:
        raise SettingsError(faults)
    return settings


def names() -> list[str]:
    """Return every variable that a node reads."""
    return [PREFIX + name.upper() for name in Settings.model_fields]
