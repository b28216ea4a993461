"""Bad input to the real command: a clear message, an exit code other than 0, and no change."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pouw.errors import ExitCode
from tests.cli.command import Checkout
from tests.images import registries
from tests.images.registries import Access
from tests.infra.test_site_faults import AWS, AZURE, GCP, STACK

SITE = {"name": "local", "cloud": "kubernetes"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One bad input: its files and arguments, and the parts of the message."""

    arguments: tuple[str, ...] = ("up", "bad")
    write: Callable[[Checkout], None] = field(default=lambda _: None)
    code: ExitCode = ExitCode.CONFIGURATION
    message_parts: tuple[str, ...]


def text(content: str) -> Callable[[Checkout], None]:
    """Return a function that writes the text into the stack file."""

    def write(checkout: Checkout) -> None:
        (checkout.root / "Pulumi.bad.yaml").write_text(content)

    return write


def write_existing_cluster(checkout: Checkout, *, text: str = "", **changes: Any) -> None:
    """Write a stack on an existing cluster, with a kubeconfig of this text."""
    path = checkout.root / "given.kubeconfig"
    path.write_text(text or kubeconfig("https://127.0.0.1:1"))
    checkout.stack("bad", sites=[{**SITE, "context": "dead"}], kubeconfig=str(path), **changes)


def kubeconfig(server: str) -> str:
    """Return a kubeconfig with one context, ``dead``."""
    cluster = {"server": server, "insecure-skip-tls-verify": True}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "dead",
        "clusters": [{"name": "dead", "cluster": cluster}],
        "users": [{"name": "dead", "user": {"token": "none"}}],
        "contexts": [{"name": "dead", "context": {"cluster": "dead", "user": "dead"}}],
    }
    return json.dumps(document)


def beyond_limits() -> dict[str, Any]:
    """Return the compliant stack with a site on each cloud, each beyond one limit of its cloud."""
    aws = {**AWS, "network": {**AWS["network"], "services": "172.20.0.0/25"}}
    azure = {**AZURE, "network": {**AZURE["network"], "pods": "100.64.0.0/21"}}
    gcp = {**GCP, "pools": {"rpc": {"instance": "m7i.xlarge"}}}
    return {**STACK, "sites": [aws, azure, gcp]}


CASES = {
    "unknown stack": Case(arguments=("up", "nowhere"), message_parts=("no such stack", "'nowhere'", "local")),
    "stack name with a path": Case(arguments=("preview", "../x"), message_parts=("no such stack",)),
    "stack name without end": Case(
        arguments=("up", "x" * 100_000), message_parts=("no such stack", "xxx...", "1 to 100 letters")
    ),
    "unicode stack name": Case(arguments=("up", "orbé"), message_parts=("no such stack", "'orbé'", "1 to 100 letters")),
    "malformed YAML": Case(write=text("config:\n  pouw:sites: ["), message_parts=("Pulumi.bad.yaml:2", "is not YAML")),
    "empty file": Case(write=text(""), message_parts=("pouw:sites", "is missing")),
    "no seed of keys for others": Case(
        write=lambda c: c.stack("bad", environment="staging"),
        message_parts=("pouw:nodeKeySeed", "is missing", "config set --secret"),
    ),
    "unknown key": Case(write=lambda c: c.stack("bad", site=[]), message_parts=("pouw:site", "unknown key", "sites")),
    "wrong type": Case(
        write=lambda c: c.stack("bad", nodes={"miners": "three"}), message_parts=("pouw:nodes.miners", "'three'")
    ),
    "replicas 0": Case(
        write=lambda c: c.stack("bad", nodes={"miners": 0}), message_parts=("pouw:nodes.miners", "got 0")
    ),
    "huge number": Case(
        write=lambda c: c.stack("bad", nodes={"miners": 10**30}), message_parts=("pouw:nodes.miners", "500")
    ),
    "two sites of one name": Case(
        write=lambda c: c.stack("bad", sites=[SITE, SITE]),
        message_parts=("pouw:sites[1].name", "is the name of two sites"),
    ),
    "unicode in a name": Case(
        write=lambda c: c.stack("bad", sites=[{**SITE, "name": "orbé"}]),
        message_parts=("pouw:sites[0].name", "lower-case"),
    ),
    "image without a tag": Case(
        write=lambda c: c.stack("bad", images={"node": "registry.example/node"}),
        message_parts=("pouw:images.node", "tag"),
    ),
    "one image of two for a cluster elsewhere": Case(
        write=lambda c: write_existing_cluster(c, images={"node": "registry.example/node:1"}),
        code=ExitCode.CLUSTER,
        message_parts=("pouw:images: must be named", "no balancer", "pouw image build"),
    ),
    "kubeconfig that is not YAML": Case(
        write=lambda c: write_existing_cluster(c, text="clusters: ["),
        code=ExitCode.CLUSTER,
        message_parts=("pouw:sites[0].context: no access to the cluster", "line 1, column 12"),
    ),
    "kubeconfig of another shape": Case(
        write=lambda c: write_existing_cluster(c, text="[]"),
        code=ExitCode.CLUSTER,
        message_parts=("no access to the cluster", "not a kubeconfig"),
    ),
    "kubeconfig without a server": Case(
        write=lambda c: write_existing_cluster(c, text=kubeconfig("")),
        code=ExitCode.CLUSTER,
        message_parts=("the server", "is not a URL"),
    ),
    "cluster that refuses": Case(
        write=lambda c: write_existing_cluster(c, text=kubeconfig("https://127.0.0.1:1")),
        code=ExitCode.CLUSTER,
        message_parts=("pouw:sites[0].context: the cluster does not answer", "Connection refused", "start it"),
    ),
    "kind cluster and no kind": Case(
        write=lambda c: c.stack("bad", sites=[{**SITE, "context": "kind-dev"}]),
        code=ExitCode.CLUSTER,
        message_parts=("images are loaded into this cluster by kind, which is not on PATH", "install kind"),
    ),
    "limits of every cloud": Case(
        write=lambda c: c.stack("bad", **beyond_limits()),
        message_parts=(
            "pouw:sites[0].network.services: is not allowed on AWS",
            "pouw:sites[1].network.pods: has too few addresses",
            "pouw:sites[2].pools.rpc.instance: is not a machine type of GCP",
        ),
    ),
    "unknown option": Case(arguments=("up", "--colour"), code=ExitCode.USAGE, message_parts=("--colour",)),
    "unknown command": Case(arguments=("fly",), code=ExitCode.USAGE, message_parts=("fly",)),
    "no such context": Case(
        write=lambda c: c.stack("bad", sites=[{**SITE, "context": "nowhere"}], kubeconfig="kubeconfig.yaml"),
        code=ExitCode.CLUSTER,
        message_parts=("pouw:sites[0].context", "no access to the cluster", "kubeconfig"),
    ),
    "several faults at once": Case(
        write=lambda c: c.stack("bad", colour="red", nodes={"miners": 0}),
        message_parts=("pouw:colour", "pouw:nodes.miners"),
    ),
}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Return one copy for all cases; each case writes its own files."""
    return Checkout.make(tmp_path_factory.mktemp("bad-input"))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_bad_input_is_reported_and_changes_nothing(case: Case, checkout: Checkout) -> None:
    case.write(checkout)
    process = checkout.run(*case.arguments)
    assert process.returncode == case.code, process.stderr
    for part in case.message_parts:
        assert part in process.stderr
    assert "Traceback" not in process.stderr
    assert not checkout.state.exists(), "a refused run leaves no state"


@pytest.fixture
def held_port() -> Iterator[int]:
    """Provide a loopback port that another program (this test) listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def test_a_port_in_use_is_reported_with_its_holder(held_port: int, checkout: Checkout) -> None:
    checkout.stack("bad", balancer={"exposure": {"type": "NodePort", "rpcNodePort": held_port}})
    process = checkout.run("up", "bad")
    assert process.returncode == ExitCode.CLUSTER
    assert f"pouw:balancer.exposure.rpcNodePort: the port is in use; got {held_port}, held by " in process.stderr
    assert f"(process {os.getpid()})" in process.stderr
    assert not checkout.state.exists()


def test_a_cluster_that_does_not_answer_is_reported_in_time(held_port: int, checkout: Checkout) -> None:
    # The port accepts connections and never answers.
    write_existing_cluster(checkout, text=kubeconfig(f"https://127.0.0.1:{held_port}"))
    start = time.monotonic()
    process = checkout.run("up", "bad", timeout=60)
    assert time.monotonic() - start < 20
    assert process.returncode == ExitCode.CLUSTER
    assert "pouw:sites[0].context: the cluster does not answer" in process.stderr
    assert not checkout.state.exists()


@pytest.mark.parametrize(
    ("access", "message"),
    [
        ("open", "the registry has no such image"),
        ("closed", "the registry shows the image only to clients with credentials"),
    ],
)
def test_an_image_that_cannot_be_pulled_is_reported(access: Access, message: str, checkout: Checkout) -> None:
    with registries.serving(access) as host:
        checkout.stack("bad", images={"node": f"{host}/team/node:2"})
        process = checkout.run("up", "bad")
    assert process.returncode == ExitCode.CLUSTER
    assert f"pouw:images.node: {message}" in process.stderr
    assert f"got {host}/team/node:2 ({host}: status 40" in process.stderr
    assert "the image is built here" in process.stderr
    assert not checkout.state.exists()


def test_an_unreachable_registry_is_reported(checkout: Checkout) -> None:
    checkout.stack("bad", images={"node": "localhost:1/node:1"})
    process = checkout.run("up", "bad")
    assert process.returncode == ExitCode.CLUSTER
    assert "pouw:images.node: the registry cannot be reached; got localhost:1/node:1" in process.stderr
    assert not checkout.state.exists()


def test_a_user_without_root_is_refused_with_the_reason(checkout: Checkout) -> None:
    process = checkout.run("up", wrapper=("unshare", "--user", "--map-user=1000"))
    assert process.returncode == ExitCode.CLUSTER
    assert "user: the embedded cluster needs root" in process.stderr
    assert "got user id 1000" in process.stderr
    assert not checkout.state.exists()


@pytest.mark.parametrize(
    ("command", "options", "message"),
    [
        ("up", "ro", "the state folder cannot be written"),
        ("up", "size=64k", "too little free disk space"),
        ("preview", "ro", "cannot be written; got Read-only file system"),
        ("preview", "size=4k,nr_inodes=2", "cannot be written; got No space left on device"),
    ],
)
def test_a_state_folder_that_cannot_be_written_is_reported(
    command: str, options: str, message: str, checkout: Checkout, tmp_path: Path
) -> None:
    """Use a file system that ends with its mount namespace."""
    script = f'mount -t tmpfs -o {options} none {tmp_path} && exec "$@"'
    mount_command = ("unshare", "--mount", "sh", "-c", script, "sh")
    process = checkout.run(command, wrapper=mount_command, environment={"POUW_HOME": str(tmp_path / "state")})
    assert process.returncode != 0
    assert message in process.stderr
    assert "POUW_HOME" in process.stderr
    assert "Traceback" not in process.stderr
    assert not list(tmp_path.iterdir())
