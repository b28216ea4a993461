"""Dockerfiles and compose files: linted, closed by default, and with settings that the node reads."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from node import network, settings
from pouw.paths import REPOSITORY

COMPOSE = ("docker-compose.yml", "docker-compose.production.yml")


def services(name: str) -> dict[str, Any]:
    document: dict[str, dict[str, Any]] = yaml.safe_load((REPOSITORY / name).read_text())
    return document["services"]


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.balancer", "Dockerfile.production"])
def test_the_linter_finds_nothing(name: str) -> None:
    linter = Path(sys.executable).parent / "hadolint"
    result = subprocess.run([linter, REPOSITORY / name], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_only_listed_files_are_sent_to_a_build() -> None:
    lines = [line for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
    assert lines[0] == "*"
    exceptions = {line[1:] for line in lines if line.startswith("!")}
    assert exceptions == {"node", "requirements/*.lock", "requirements/wheels", "pouw/images/assemble.py"}


def test_the_image_installs_the_requirements_of_the_nodes_extra() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    for extra in ("node", "digits"):
        lines = (REPOSITORY / f"requirements/{extra}.in").read_text().splitlines()
        requirements = {line for line in lines if line and not line.startswith("#")}
        assert requirements == set(project["optional-dependencies"][extra])


@pytest.mark.parametrize("name", COMPOSE)
def test_four_nodes_find_each_other_and_agree_on_one_network(name: str) -> None:
    document = yaml.safe_load((REPOSITORY / name).read_text())
    parameters = network.parse(document["configs"]["network"]["content"], source=name)
    nodes = services(name)
    assert len(nodes) == 4
    for hostname, service in nodes.items():
        read = settings.read(service["environment"])
        assert read.network_id == parameters.network_id
        assert read.advertise == (hostname, 30303)
        assert {host for host, _ in read.bootnodes} <= set(nodes)
        assert service["volumes"][-1].endswith(":/data")


@pytest.mark.parametrize("name", COMPOSE)
def test_a_node_may_write_its_data_and_nothing_else_and_has_limits(name: str) -> None:
    for service in services(name).values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "no-new-privileges:true" in service["security_opt"]
        assert service["mem_limit"]
        assert service["cpus"]
        assert service["pids_limit"]
        assert service["healthcheck"]["test"][-1].endswith(":8545/health")


def test_production_listens_on_loopback_and_runs_an_image_by_name() -> None:
    nodes = services("docker-compose.production.yml")
    published = [port for service in nodes.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
    for service in nodes.values():
        assert "build" not in service
        assert service["image"].startswith("${POUW_IMAGE:?")
        assert service["user"] == "10001:10001"


def test_peers_in_production_have_no_way_out() -> None:
    document = yaml.safe_load((REPOSITORY / "docker-compose.production.yml").read_text())
    assert document["networks"]["peers"] == {"internal": True}
