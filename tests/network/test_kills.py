"""kill -9 below a running network: it continues, and heights rise again soon after the component has returned."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.network import stack
from tests.network.stack import BACK_SECONDS, height, lowest, wait

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.xdist_group("cluster"),
    pytest.mark.usefixtures("network"),
    # Python leaves a TLS socket open whose other end was killed between its connection and its handshake.
    pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning"),
]

Record = Callable[[str, object], None]


@pytest.mark.parametrize(
    "components",
    [
        ("kubelet",),
        ("kube-apiserver",),
        ("etcd",),
        ("containerd",),
        ("kube-controller-manager", "kube-scheduler"),
    ],
    ids=" and ".join,
)
def test_the_network_goes_on_without_a_component(components: tuple[str, ...], record_property: Record) -> None:
    before, restarts = height(), stack.restarts()
    with stack.held_down(*components):
        seconds = wait(lambda: height() > before, seconds=BACK_SECONDS, event="a block without it")
        assert [stack.component(name) for name in components] == [0] * len(components)
        record_property("seconds to a block while away", round(seconds, 1))
    record_property("seconds to return", round(wait(stack.is_well, seconds=60, event="its return"), 1))
    returned = height()
    seconds = wait(lambda: lowest() > returned, seconds=BACK_SECONDS, event="a higher block on every node")
    record_property("seconds from return to a higher block on every node", round(seconds, 1))
    assert stack.restarts() == restarts, "no node noticed"


@pytest.mark.parametrize("pod", ["pouw-blue-miner-0", "pouw-blue-verifier-0"])
def test_a_killed_node_comes_back_and_the_others_never_stop(pod: str, record_property: Record) -> None:
    before, restarts = height(), stack.restarts()
    stack.kill_pod(pod)
    seconds = wait(lambda: height() > before, seconds=BACK_SECONDS, event="a block of the others")
    record_property("seconds to a block of the others", round(seconds, 1))
    highest = height()
    seconds = wait(lambda: lowest() > highest, seconds=BACK_SECONDS, event="a higher block on every node")
    record_property("seconds from then to a higher block on every node", round(seconds, 1))
    assert stack.restarts() == {**restarts, pod: restarts[pod] + 1}, "no other node went with it"


def test_a_killed_balancer_serves_again(record_property: Record) -> None:
    before, restarts = height(), stack.restarts()
    [pod] = [name for name in restarts if name.startswith("pouw-balancer")]
    stack.kill_pod(pod)
    seconds = wait(lambda: lowest() > before, seconds=BACK_SECONDS, event="a block on every node")
    record_property("seconds to a higher block on every node", round(seconds, 1))
    seconds = wait(lambda: height() > before, seconds=BACK_SECONDS, event="an answer of the balancer")
    record_property("seconds from then to an answer", round(seconds, 1))
    assert stack.restarts() == {**restarts, pod: restarts[pod] + 1}
