"""Bad input through the real command: one clear message each, an exit code that is not 0, and nothing changed."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pouw.errors import ExitCode
from tests.cli.command import Checkout

SITE = {"name": "local", "cloud": "kubernetes"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One bad input: what to write and call, and what must be told."""

    arguments: tuple[str, ...] = ("up", "bad")
    write: Callable[[Checkout], None] = field(default=lambda _: None)
    code: ExitCode = ExitCode.CONFIGURATION
    told: tuple[str, ...]


def text(content: str) -> Callable[[Checkout], None]:
    """Write the stack file as it is given."""

    def write(checkout: Checkout) -> None:
        (checkout.root / "Pulumi.bad.yaml").write_text(content)

    return write


CASES = {
    "unknown stack": Case(arguments=("up", "nowhere"), told=("no such stack", "'nowhere'", "local")),
    "stack name with a path": Case(arguments=("preview", "../x"), told=("no such stack",)),
    "malformed YAML": Case(write=text("config:\n  pouw:sites: ["), told=("Pulumi.bad.yaml:2", "is not YAML")),
    "empty file": Case(write=text(""), told=("pouw:sites", "is missing")),
    "unknown key": Case(write=lambda c: c.stack("bad", colour="red"), told=("pouw:colour", "unknown key", "sites")),
    "wrong type": Case(
        write=lambda c: c.stack("bad", nodes={"miners": "three"}), told=("pouw:nodes.miners", "'three'")
    ),
    "replicas 0": Case(write=lambda c: c.stack("bad", nodes={"miners": 0}), told=("pouw:nodes.miners", "got 0")),
    "huge number": Case(write=lambda c: c.stack("bad", nodes={"miners": 10**30}), told=("pouw:nodes.miners", "500")),
    "two sites of one name": Case(
        write=lambda c: c.stack("bad", sites=[SITE, SITE]), told=("pouw:sites[1].name", "two sites of one name")
    ),
    "unicode in a name": Case(
        write=lambda c: c.stack("bad", sites=[{**SITE, "name": "orbé"}]), told=("pouw:sites[0].name", "lower-case")
    ),
    "image without a tag": Case(
        write=lambda c: c.stack("bad", images={"node": "registry.example/node"}), told=("pouw:images.node", "tag")
    ),
    "unknown option": Case(arguments=("up", "--colour"), code=ExitCode.USAGE, told=("--colour",)),
    "unknown command": Case(arguments=("fly",), code=ExitCode.USAGE, told=("fly",)),
    "no such context": Case(
        write=lambda c: c.stack("bad", sites=[{**SITE, "context": "nowhere"}], kubeconfig="kubeconfig.yaml"),
        code=ExitCode.CLUSTER,
        told=("pouw:sites[0].context", "no access to the cluster", "kubeconfig"),
    ),
    "several faults at once": Case(
        write=lambda c: c.stack("bad", colour="red", nodes={"miners": 0}), told=("pouw:colour", "pouw:nodes.miners")
    ),
}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """One copy for the whole table; each case writes its own file anew."""
    return Checkout.make(tmp_path_factory.mktemp("bad-input"))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_bad_input_is_told_and_changes_nothing(case: Case, checkout: Checkout) -> None:
    case.write(checkout)
    done = checkout.run(*case.arguments)
    assert done.returncode == case.code, done.stderr
    for part in case.told:
        assert part in done.stderr
    assert "Traceback" not in done.stderr
    assert not checkout.state.exists(), "a refused run leaves no state"


@pytest.fixture
def held_port() -> Iterator[int]:
    """A loopback port that another program (this test) listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def test_a_port_that_is_in_use_is_told_with_its_holder(held_port: int, checkout: Checkout) -> None:
    checkout.stack("bad", balancer={"exposure": {"type": "NodePort", "rpcNodePort": held_port}})
    done = checkout.run("up", "bad")
    assert done.returncode == ExitCode.CLUSTER
    assert f"pouw:balancer.exposure.rpcNodePort: the port is in use; got {held_port}, held by " in done.stderr
    assert f"(process {os.getpid()})" in done.stderr
    assert not checkout.state.exists()


def test_a_cluster_that_does_not_answer_is_told_within_its_time(held_port: int, checkout: Checkout) -> None:
    # The port accepts connections and never says a word: the worst kind of unreachable.
    write_kubeconfig(checkout.root / "dead.kubeconfig", held_port)
    checkout.stack("bad", sites=[{**SITE, "context": "dead"}], kubeconfig="dead.kubeconfig")
    done = checkout.run("up", "bad", timeout=60)
    assert done.returncode == ExitCode.CLUSTER
    assert "pouw:sites[0].context: the cluster does not answer" in done.stderr
    assert not checkout.state.exists()


def write_kubeconfig(path: Path, port: int) -> None:
    """A kubeconfig with one context, ``dead``, on a loopback port."""
    cluster = {"server": f"https://127.0.0.1:{port}", "insecure-skip-tls-verify": True}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "dead",
        "clusters": [{"name": "dead", "cluster": cluster}],
        "users": [{"name": "dead", "user": {"token": "none"}}],
        "contexts": [{"name": "dead", "context": {"cluster": "dead", "user": "dead"}}],
    }
    path.write_text(json.dumps(document))
