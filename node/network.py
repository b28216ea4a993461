"""The network file: the chain parameters and first balances that make every node's genesis the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from node.encoding import Writer, digest
from node.errors import SettingFault, SettingsError
from node.keys import ADDRESS_BYTES, parse_address

SCHEMA = 1
_UINT256 = 1 << 256


def _canonical_address(text: str) -> str:
    return "0x" + parse_address(text).hex()


Address = Annotated[str, AfterValidator(_canonical_address)]


class NetworkFile(BaseModel):
    """Chain parameters. All are consensus: two nodes that differ in one have different genesis hashes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    schema_: int = Field(default=SCHEMA, alias="schema", ge=SCHEMA, le=SCHEMA)
    network_id: int = Field(default=1337, ge=1, le=2**32 - 1)
    genesis_time_s: int = Field(default=1_700_000_000, ge=0, le=2**40)
    block_time_s: int = Field(default=15, ge=1, le=3600)
    commit_depth: int = Field(default=5, ge=1, le=64)
    """Iterations between the commitment of a block and its winning iteration."""
    mini_batches: int = Field(default=16, ge=1, le=1024)
    """Mini-batches that one iteration trains."""
    initial_iterations_per_block: int = Field(default=24, ge=1, le=2**32)
    """Iterations, of all miners together, that the first blocks cost on average."""
    minimum_iterations_per_block: int = Field(default=8, ge=5, le=2**32)
    """Floor of the difficulty: a block never costs fewer iterations, so checking one stays at most a fifth of it."""
    multiply_adds_per_try: int = Field(default=65536, ge=1, le=2**40)
    """An iteration may try one nonce per so many multiply-adds of its training."""
    block_reward: int = Field(default=2_000_000_000, ge=0, le=2**63)
    minimum_fee: int = Field(default=0, ge=0, le=2**63)
    allocations: dict[Address, Annotated[int, Field(ge=0, le=2**63)]] = Field(default_factory=dict, max_length=10_000)

    @property
    def block_time_ms(self) -> int:
        return self.block_time_s * 1000

    def tries_per_iteration(self, parameters: int, batch: int) -> int:
        """Return the limit of nonces per iteration, in proportion to batch and model size."""
        return max(1, self.mini_batches * batch * parameters // self.multiply_adds_per_try)

    def target_for(self, iterations: int, tries: int) -> int:
        """Return the target at which one block takes ``iterations`` of ``tries`` nonces on average."""
        return min(_UINT256 - 1, _UINT256 // (iterations * tries))

    def identity(self) -> bytes:
        """Hash of every parameter: the part of the genesis that is not state."""
        writer = Writer().u8(SCHEMA).u32(self.network_id).u64(self.genesis_time_s).u32(self.block_time_s)
        writer.u16(self.commit_depth).u16(self.mini_batches).u64(self.initial_iterations_per_block)
        writer.u64(self.minimum_iterations_per_block).u64(self.multiply_adds_per_try)
        writer.u64(self.block_reward).u64(self.minimum_fee)
        for address, amount in sorted(self.allocations.items()):
            writer.fixed(parse_address(address), ADDRESS_BYTES).u64(amount)
        return digest("network", writer.finish())


def default() -> NetworkFile:
    """Return the parameters of a network without a network file."""
    return NetworkFile.model_validate({"schema": SCHEMA})


def parse(text: str, *, source: str) -> NetworkFile:
    """Parse a network file. Raises SettingsError with every fault."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise SettingsError([SettingFault(name=source, message=f"is not JSON: {error}")]) from error
    try:
        return NetworkFile.model_validate(data)
    except ValidationError as error:
        faults = [
            SettingFault(name=f"{source}: {'.'.join(map(str, item['loc']))}", message=item["msg"])
            for item in error.errors(include_input=False, include_url=False)
        ]
        raise SettingsError(faults) from error


def load(path: Path) -> NetworkFile:
    """Raises SettingsError when the file is missing or wrong."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        fault = SettingFault(name="POUW_NETWORK_FILE", message=f"cannot be read: {error}")
        raise SettingsError([fault]) from error
    return parse(text, source=str(path))
