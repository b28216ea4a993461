"""The balancer's configuration: its text, and the real HAProxy over real sockets."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from infra.haproxy import Backend, configuration, unavailable_page
from pouw.home import Home
from pouw.progress import LineProgress
from pouw.toolchain import debian

BLUE = Backend(slot="blue", active=True, weight=100, service="blue.example.svc", max_nodes=7)


def two_slots(blue: int, green: int) -> list[Backend]:
    """Two slots with these weights; blue is the active one."""
    return [
        Backend(slot="blue", active=True, weight=blue, service="localhost", max_nodes=3),
        Backend(slot="green", active=False, weight=green, service="localhost", max_nodes=5),
    ]


def section(text: str, name: str) -> list[str]:
    """Lines of one section of a configuration."""
    [content] = [part for part in text.split("\n\n") if part.startswith(f"{name}\n")]
    return [line.strip() for line in content.splitlines()[1:]]


def test_the_balancer_checks_the_readiness_of_its_backend() -> None:
    text = configuration([BLUE])
    assert "server-template node 7 blue.example.svc:8545" in section(text, "backend nodes")
    assert "http-check send meth GET uri /ready ver HTTP/1.1 hdr Host node" in section(text, "backend nodes")


def test_one_slot_gets_every_request() -> None:
    text = configuration([BLUE])
    assert re.findall(r"^backend (.+)$", text, re.MULTILINE) == ["nodes", "nodes_ws"]
    assert "use_backend" not in text
    assert section(text, "frontend rpc")[-1] == "default_backend nodes"


@pytest.mark.parametrize(("frontend", "suffix"), [("rpc", ""), ("ws", "_ws")])
def test_weights_divide_the_requests_between_two_slots(frontend: str, suffix: str) -> None:
    rules = section(configuration(two_slots(90, 10)), f"frontend {frontend}")
    blue, green = f"nodes_blue{suffix}", f"nodes_green{suffix}"
    assert rules[-6:] == [
        "http-request set-var(txn.share) rand(100)",
        f"use_backend {blue} if {{ var(txn.share) -m int lt 90 }} {{ nbsrv({blue}) gt 0 }}",
        f"use_backend {green} if {{ var(txn.share) -m int lt 100 }} {{ nbsrv({green}) gt 0 }}",
        f"use_backend {blue} if {{ nbsrv({blue}) gt 0 }}",
        f"use_backend {green} if {{ nbsrv({green}) gt 0 }}",
        f"default_backend {blue}",
    ]


def test_a_slot_of_weight_zero_is_checked_and_gets_no_request() -> None:
    text = configuration(two_slots(100, 0))
    assert "server-template node 5 localhost:8545" in section(text, "backend nodes_green")
    assert not re.search(r"use_backend nodes_green", text)


def test_the_unavailable_page_states_its_true_length() -> None:
    head, body = unavailable_page().split("\r\n\r\n")
    assert f"Content-Length: {len(body)}" in head


@pytest.mark.cluster
@pytest.mark.parametrize("backends", [[BLUE], two_slots(90, 10), two_slots(0, 100)], ids=["one", "both", "switched"])
def test_haproxy_accepts_the_configuration(backends: list[Backend], tmp_path: Path) -> None:
    debian.ensure({"haproxy": "haproxy"}, LineProgress(), home=Home.from_environment(os.environ))
    program = shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    assert program, "the package was installed a moment ago"
    (tmp_path / "503.http").write_text(unavailable_page(), newline="")
    text = configuration(backends).replace("/etc/haproxy", str(tmp_path))
    (tmp_path / "haproxy.cfg").write_text(text)
    process = subprocess.run(
        [program, "-c", "-f", str(tmp_path / "haproxy.cfg")], capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr + process.stdout
    assert "warning" not in (process.stderr + process.stdout).lower()
