"""Waiting for agreement: what counts as a working network, and what is told when there is none."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pouw.network import agreement
from pouw.network.agreement import AgreementTimeoutError
from pouw.network.observation import NodeView, common_height, same_block
from pouw.progress import SilentProgress


def node(name: str, height: int = -1, trouble: str = "") -> NodeView:
    """A node at a height."""
    return NodeView(
        site="local", slot="blue", name=name, role="miner", ready=height >= 0, height=height, trouble=trouble
    )


class Network:
    """A network that plays back what it is given: one view after another, and a hash function."""

    def __init__(self, *moments: Sequence[NodeView], forks: bool = False) -> None:
        self._moments, self._forks, self.asked = list(moments), forks, 0

    def views(self) -> Sequence[NodeView]:
        self.asked += 1
        return self._moments.pop(0) if len(self._moments) > 1 else self._moments[0]

    def block_hashes(self, views: Sequence[NodeView], height: int) -> list[str | None]:
        return [f"{height}-{view.name if self._forks else 'same'}" for view in views]


def wait(network: Network, *, above: int = 0, expected: int = 2) -> agreement.Agreement:
    """Wait with a clock that moves one second a look."""
    ticks = iter(range(10_000))
    with SilentProgress().step("") as step:
        return agreement.wait(
            network,
            expected=expected,
            above=above,
            deadline_seconds=5,
            step=step,
            pause=lambda _: None,
            clock=lambda: next(ticks),
        )


def test_agreement_needs_a_block_earned_after_the_start() -> None:
    network = Network([node("a", 7), node("b", 7)], [node("a", 9), node("b", 8)])
    assert wait(network, above=7).height == 8
    assert network.asked == 2


def test_a_missing_node_is_waited_for() -> None:
    network = Network([node("a", 3)], [node("a", 3), node("b")], [node("a", 4), node("b", 4)])
    assert wait(network).nodes == 2


def test_nodes_on_different_forks_do_not_agree() -> None:
    with pytest.raises(AgreementTimeoutError):
        wait(Network([node("a", 4), node("b", 4)], forks=True))


def test_a_timeout_tells_what_each_node_was_doing() -> None:
    with pytest.raises(AgreementTimeoutError) as caught:
        wait(Network([node("a", 0), node("b", trouble="ErrImagePull: no such image")]))
    assert "a: height 0" in str(caught.value)
    assert "b: ErrImagePull: no such image" in str(caught.value)


def test_the_height_before_an_empty_network_is_zero() -> None:
    assert agreement.height_before(Network([])) == 0
    assert agreement.height_before(Network([node("a", 5), node("b")])) == 5


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8))
def test_the_common_height_is_one_that_every_node_has(heights: list[int]) -> None:
    views = [node(str(index), height) for index, height in enumerate(heights)]
    assert common_height(views, len(views)) == min(heights)
    assert common_height(views, len(views) + 1) is None


def test_a_node_without_the_block_is_no_agreement() -> None:
    assert same_block(["x", "x"])
    assert not same_block(["x", None])
    assert not same_block([None, None])
    assert not same_block([])
