"""The real program: it starts, says no to wrong settings, survives kill -9 and drains on SIGTERM."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
NETWORK = {
    "schema": 1,
    "network_id": 1337,
    "block_time_s": 1,
    "commit_depth": 2,
    "initial_iterations_per_block": 5,
    "minimum_iterations_per_block": 5,
}


def _ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for sock in sockets:
        sock.bind(("127.0.0.1", 0))
    ports = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


def _environment(folder: Path, **changes: str) -> dict[str, str]:
    (folder / "network.json").write_text(json.dumps(NETWORK))
    rpc, ws, p2p = _ports(3)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("POUW_")}
    return inherited | {
        "POUW_ROLE": "miner",
        "POUW_DATA_DIR": str(folder / "data"),
        "POUW_NETWORK_FILE": str(folder / "network.json"),
        "POUW_HOST": "127.0.0.1",
        "POUW_RPC_PORT": str(rpc),
        "POUW_WS_PORT": str(ws),
        "POUW_P2P_PORT": str(p2p),
        "POUW_MINER_PACE_MS": "20",
        **changes,
    }


@contextmanager
def _node(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "node", "run"]
    with subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _get(environment: dict[str, str], path: str) -> tuple[int, Any]:
    """Return status and JSON; 0 where no server listens."""
    connection = http.client.HTTPConnection("127.0.0.1", int(environment["POUW_RPC_PORT"]), timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    except OSError:
        return 0, {}
    finally:
        connection.close()


def _wait_for_height(environment: dict[str, str], height: int) -> int:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        current = int(_get(environment, "/ready")[1].get("height", -1))
        if current >= height:
            return current
        time.sleep(0.05)
    raise AssertionError(f"height {height} not reached in 30 s")


def test_a_node_mines_is_killed_and_goes_on_where_it_was(tmp_path: Path) -> None:
    environment = _environment(tmp_path)
    with _node(environment):
        height = _wait_for_height(environment, 3)
    with _node(environment):
        assert _wait_for_height(environment, height) >= height
        _wait_for_height(environment, height + 1)


def test_sigterm_drains_unready_first_then_exits_with_zero(tmp_path: Path) -> None:
    environment = _environment(tmp_path, POUW_LINGER_S="1")
    with _node(environment) as process:
        _wait_for_height(environment, 1)
        start_s = time.monotonic()
        process.send_signal(signal.SIGTERM)
        statuses = set()
        while process.poll() is None:
            statuses.add(_get(environment, "/ready")[0])
            time.sleep(0.05)
        assert process.returncode == 0
        assert time.monotonic() - start_s < 20
        assert 503 in statuses
        assert process.stderr is not None
        lines = [json.loads(line) for line in process.stderr.read().splitlines()]
    assert lines[-1]["msg"] == "stopped"
    assert {"ts", "level", "msg", "node", "role", "site", "slot", "height"} <= lines[-1].keys()
    assert not [line for line in lines if line["level"] == "error"]


def test_wrong_settings_end_the_program_with_every_fault(tmp_path: Path) -> None:
    environment = _environment(tmp_path, POUW_ROLE="king", POUW_COLOUR="red")
    completed = subprocess.run(
        [sys.executable, "-m", "node", "run"], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert completed.returncode == 3
    assert "POUW_ROLE" in completed.stderr
    assert "POUW_COLOUR: is not a setting" in completed.stderr
    assert "Traceback" not in completed.stderr


def test_a_port_in_use_is_reported_without_a_traceback(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        environment = _environment(tmp_path, POUW_RPC_PORT=str(listener.getsockname()[1]))
        completed = subprocess.run(
            [sys.executable, "-m", "node", "run"],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    assert completed.returncode == 1
    assert "address already in use" in completed.stderr
    assert "Traceback" not in completed.stderr


@pytest.mark.parametrize(("path", "code"), [("/ready", 0), ("/nowhere", 1)])
def test_check_is_a_probe(tmp_path: Path, path: str, code: int) -> None:
    environment = _environment(tmp_path)
    with _node(environment):
        _wait_for_height(environment, 0)
        url = f"http://127.0.0.1:{environment['POUW_RPC_PORT']}{path}"
        completed = subprocess.run(
            [sys.executable, "-m", "node", "check", "--url", url], cwd=ROOT, capture_output=True, check=False
        )
    assert completed.returncode == code


def test_check_fails_where_no_server_listens() -> None:
    url = f"http://127.0.0.1:{_ports(1)[0]}/ready"
    completed = subprocess.run(
        [sys.executable, "-m", "node", "check", "--url", url], cwd=ROOT, capture_output=True, check=False
    )
    assert completed.returncode == 1


def test_genesis_reads_the_data_set_from_the_folder_that_a_node_would_read(tmp_path: Path) -> None:
    environment = {**os.environ, "POUW_DATASETS_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "node", "genesis"]
    completed = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert completed.returncode != 0
    assert str(tmp_path) in completed.stderr
