"""Settings and the network file: every fault is named, nothing unknown passes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from node import network
from node.errors import SettingsError
from node.keys import load_or_create_key
from node.ledger.transition import Rules, genesis
from node.rpc.server import read_token
from node.settings import CONTROL_VARIABLES, Role, names, read
from node.work.dataset import load_digits


def test_defaults_hold_where_nothing_is_set() -> None:
    parsed = read({"PATH": "/bin"})
    assert (parsed.role, parsed.rpc_port, parsed.p2p_port) == (Role.VERIFIER, 8545, 30303)


def test_values_are_read() -> None:
    parsed = read(
        {
            "POUW_ROLE": "Miner",
            "POUW_BOOTNODES": "a.example:30303, 10.0.0.1:4,[::1]:5",
            "POUW_ADVERTISE": "me:1",
            "POUW_NETWORK_FILE": "",
        }
    )
    assert parsed.role is Role.MINER
    assert parsed.bootnodes == (("a.example", 30303), ("10.0.0.1", 4), ("::1", 5))
    assert parsed.advertise == ("me", 1)
    assert parsed.network_file is None


def test_an_unknown_variable_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="POUW_ROLL: is not a setting"):
        read({"POUW_ROLL": "miner"})


def test_all_faults_are_named_together() -> None:
    with pytest.raises(SettingsError) as error_info:
        read({"POUW_ROLE": "king", "POUW_RPC_PORT": "70000", "POUW_X": "1", "POUW_BOOTNODES": "nowhere"})
    variables = {fault.name for fault in error_info.value.faults}
    assert variables == {"POUW_ROLE", "POUW_RPC_PORT", "POUW_X", "POUW_BOOTNODES"}
    assert "'nowhere' is not host:port" in str(error_info.value)


def test_every_setting_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "reference" / "node.md").read_text()
    assert [name for name in names() if f"`{name}`" not in text] == []


def _file(**fields: object) -> str:
    return json.dumps({"schema": 1} | fields)


def test_the_same_file_gives_the_same_genesis_whatever_its_layout() -> None:
    address = "0x" + "ab" * 20
    compact = network.parse(_file(block_time_s=3, allocations={address: 5}), source="x")
    two = network.parse(
        json.dumps({"allocations": {address.upper().replace("0X", "0x"): 5}, "block_time_s": 3, "schema": 1}, indent=4),
        source="y",
    )
    hashes = {genesis(Rules(network=parsed, dataset=load_digits()))[0].hash for parsed in (compact, two)}
    assert len(hashes) == 1


@pytest.mark.parametrize(
    "changes", [{"block_time_s": 4}, {"commit_depth": 6}, {"network_id": 2}, {"block_reward": 1}, {"mini_batches": 8}]
)
def test_every_parameter_is_part_of_the_genesis(changes: dict[str, int]) -> None:
    data = load_digits()
    default_genesis = genesis(Rules(network=network.default(), dataset=data))[0].hash
    assert genesis(Rules(network=network.parse(_file(**changes), source="x"), dataset=data))[0].hash != default_genesis


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON"),
        (_file(block_time=3), "block_time"),
        (_file(block_time_s=0), "block_time_s"),
        (_file(block_time_s="3"), "block_time_s"),
        (_file(allocations={"0x12": 1}), "40 hexadecimal digits"),
        (_file(schema=2), "schema"),
        (_file(minimum_iterations_per_block=4), "minimum_iterations_per_block"),
    ],
)
def test_a_wrong_network_file_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        network.parse(text, source="network.json")


def test_the_documented_example_is_a_network_file() -> None:
    text = (Path(__file__).parents[2] / "docs" / "reference" / "node.md").read_text()
    example = text.split("```json", 1)[1].split("```", 1)[0]
    assert network.parse(example, source="docs").network_id == 1337


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    created = load_or_create_key(tmp_path / "key")
    assert load_or_create_key(tmp_path / "key").public == created.public
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert created.seed.hex() not in repr(created)


def test_a_file_without_a_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("zz" * 32)
    with pytest.raises(SettingsError, match="64 hexadecimal digits"):
        load_or_create_key(tmp_path / "key")


def test_a_short_admin_token_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("short\n")
    with pytest.raises(SettingsError, match="at least 16"):
        read_token(tmp_path / "token")


def test_variables_of_the_control_side_are_ignored() -> None:
    environment = dict.fromkeys(CONTROL_VARIABLES, "/anywhere")
    assert read(environment) == read({})
