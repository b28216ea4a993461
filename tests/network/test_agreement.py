"""Waiting for agreement: the meaning of a working network, and the fault of one that does not work."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pouw.network import agreement
from pouw.network.agreement import AgreementTimeoutError
from pouw.network.nodes import NodeError
from pouw.network.observation import NodeView, common_height, is_same_block
from pouw.poll import Clock
from pouw.progress import SilentProgress


def node(name: str, height: int = -1, trouble: str = "") -> NodeView:
    """Return a node at a height."""
    return NodeView(
        site="local", slot="blue", name=name, role="miner", ready=height >= 0, height=height, trouble=trouble
    )


class Network:
    """A network that plays back one view after another, with forks or without."""

    def __init__(self, *moments: Sequence[NodeView], forks: bool = False) -> None:
        self._moments, self._forks, self.looks = list(moments), forks, 0

    def views(self) -> Sequence[NodeView]:
        self.looks += 1
        return self._moments.pop(0) if len(self._moments) > 1 else self._moments[0]

    def block_hashes(self, views: Sequence[NodeView], height: int) -> list[str | None]:
        return [f"{height}-{view.name if self._forks else 'same'}" for view in views]


def wait(network: Network, *, above: int = 0, expected: int = 2) -> agreement.Agreement:
    """Wait with a clock that moves one second per look."""
    ticks = iter(range(10_000))
    with SilentProgress().step("") as step:
        return agreement.wait(
            network,
            expected=expected,
            above=above,
            deadline_seconds=5,
            step=step,
            clock=Clock(now=lambda: next(ticks), sleep=lambda _: None),
        )


def test_agreement_needs_a_block_earned_after_the_start() -> None:
    network = Network([node("a", 7), node("b", 7)], [node("a", 9), node("b", 8)])
    assert wait(network, above=7).height == 8
    assert network.looks == 2


def test_a_missing_node_is_waited_for() -> None:
    network = Network([node("a", 3)], [node("a", 3), node("b")], [node("a", 4), node("b", 4)])
    assert wait(network).nodes == 2


def test_nodes_on_different_forks_do_not_agree() -> None:
    with pytest.raises(AgreementTimeoutError):
        wait(Network([node("a", 4), node("b", 4)], forks=True))


def test_a_timeout_reports_the_state_of_every_node() -> None:
    with pytest.raises(AgreementTimeoutError) as timeout:
        wait(Network([node("a", 0), node("b", trouble="ErrImagePull: no such image")]))
    assert "a: height 0" in str(timeout.value)
    assert "b: ErrImagePull: no such image" in str(timeout.value)


class Site:
    """A site of which one node holds a block, one has none, and one does not answer."""

    def to(self, site: str) -> Site:
        assert site == "local"
        return self

    def rpc(self, pod: str, method: str, params: object = None, *, token: str | None = None) -> object:
        assert (method, params, token) == ("eth_getBlockByNumber", ["0x1a", False], None)
        if pod == "silent":
            raise NodeError
        return {"hash": "0xabc"} if pod == "holder" else None

    def secret_value(self, secret: str, key: str) -> str:
        raise AssertionError(f"{secret}/{key} is not needed")


def test_a_node_without_a_block_or_an_answer_has_no_hash() -> None:
    views = [node(name, 26) for name in ("holder", "late", "silent")]
    assert agreement.block_hashes(Site(), views, 26) == ["0xabc", None, None]
    assert agreement.block_hashes(Site(), [], 26) == []


def test_the_height_before_an_empty_network_is_zero() -> None:
    assert agreement.height_before(Network([])) == 0
    assert agreement.height_before(Network([node("a", 5), node("b")])) == 5


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8))
def test_the_common_height_is_one_that_every_node_has(heights: list[int]) -> None:
    views = [node(str(index), height) for index, height in enumerate(heights)]
    assert common_height(views, len(views)) == min(heights)
    assert common_height(views, len(views) + 1) is None


def test_a_node_without_the_block_prevents_agreement() -> None:
    assert is_same_block(["x", "x"])
    assert not is_same_block(["x", None])
    assert not is_same_block([None, None])
    assert not is_same_block([])
