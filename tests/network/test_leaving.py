"""`pouw down` after a network has run: the machine is as it was, and a network can be brought up again."""

from __future__ import annotations

import pytest

from tests.cluster.conftest import HOME
from tests.cluster.snapshot import snapshot
from tests.network import stack

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("cluster"), pytest.mark.timeout(900)]


def test_down_leaves_nothing_of_a_network_and_up_works_right_after(machine: dict[str, object], network: None) -> None:
    del network
    assert snapshot() != machine
    stack.run("down")
    assert snapshot() == machine
    assert stack.leftovers(HOME) == []
    assert not HOME.exists()
    stack.up()
