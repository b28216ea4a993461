"""The first steps of the README through the real command, with the output that people read."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pouw.errors import ExitCode
from pouw.paths import REPOSITORY
from tests.network import stack

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.xdist_group("cluster"),
    pytest.mark.usefixtures("network"),
    pytest.mark.timeout(600),
]
SHORT_TASK = {"name": "digits", "iterations": 16}


def refuse(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command that must fail, and return what it printed."""
    completed = subprocess.run(
        [sys.executable, "-m", "pouw.cli", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert completed.returncode != ExitCode.OK, completed.stdout
    return completed


def test_up_prints_agreement_and_addresses_and_changes_nothing_twice() -> None:
    output = stack.run("up")
    assert re.search(rf"^{stack.NODES} nodes agree on block \d+ 0x[0-9a-f]{{16}}$", output, re.MULTILINE)
    addresses = dict(re.findall(r"^  (RPC|WebSocket|Metrics) +(\S+)$", output, re.MULTILINE))
    assert addresses == {
        "RPC": "http://127.0.0.1:8545",
        "WebSocket": "ws://127.0.0.1:8546",
        "Metrics": "http://127.0.0.1:8404/metrics",
    }
    assert re.search(r"0 created, 0 updated, 0 replaced, 0 deleted, 2\d unchanged", output)


def test_status_shows_every_node_with_role_and_height() -> None:
    output = stack.run("status")
    assert output.count(" ready ") == stack.NODES
    assert output.count(" miner ") == stack.NODES - 1
    document = json.loads(stack.run("status", "--json"))
    [site] = document["sites"]
    [slot] = site["slots"]
    assert len(slot["nodes"]) == stack.NODES
    assert document["height"] == max(node["height"] for node in slot["nodes"])


def test_doctor_finds_nothing_missing() -> None:
    document = json.loads(stack.run("doctor", "--json"))
    assert document["problems"] == []
    assert document["cluster"]["state"] == "running"
    assert "built 3." in stack.run("doctor") or "official 3." in stack.run("doctor")


def test_a_preview_of_a_running_network_plans_nothing() -> None:
    assert "0 to create, 0 to update, 0 to replace, 0 to delete" in stack.run("preview")


def test_images_that_are_unchanged_are_not_built_again() -> None:
    [image] = json.loads(stack.run("image", "build", "node", "--json"))["images"]
    assert image["built"] is False
    assert Path(image["archive"]).is_file()


def test_cluster_status_and_logs_show_the_components() -> None:
    output = stack.run("cluster", "status")
    for component in ("etcd", "kube-apiserver", "kubelet", "containerd", "kube-proxy"):
        assert component in output
    assert stack.run("cluster", "logs", "kubelet", "-n", "3").count("\n") == 3
    assert "kubelet" in refuse("cluster", "logs", "kubelt").stderr


def test_a_task_is_submitted_listed_shown_and_its_model_fetched(tmp_path: Path) -> None:
    task_id = stack.submit(SHORT_TASK)
    stack.wait(lambda: task_id in stack.run("task", "list"), seconds=60, event="a block with the task")
    stack.wait(
        lambda: json.loads(stack.run("task", "show", task_id, "--json"))["task"]["state"] == "finished",
        seconds=180,
        event="the end of a short task",
    )
    target = tmp_path / "digits.model"
    document = json.loads(stack.run("task", "fetch", task_id, "-o", str(target), "--json"))
    assert document["nodes_agreeing"] == stack.NODES
    assert 0.0 < document["accuracy"] <= 1.0
    assert target.stat().st_size > 0
    assert f"{100 * document['accuracy']:.1f}" in stack.run("task", "fetch", task_id, "-o", str(target))


def test_a_task_without_a_model_cannot_be_fetched(tmp_path: Path) -> None:
    document = json.loads(stack.run("task", "submit", "digits", "--no-wait", "--json"))
    task_id = document["task"]["id"]
    completed = refuse("task", "fetch", task_id, "-o", str(tmp_path / "never.model"))
    assert "has no model yet" in completed.stderr
    assert f"pouw task show {task_id}" in completed.stderr
    assert not (tmp_path / "never.model").exists()
