"""Slots as data: node sets, bootnodes and names."""

from __future__ import annotations

from infra import slots
from infra.kubernetes.balancer import slot_annotations
from infra.settings.stack import Nodes
from infra.slots import Slot

BLUE = Slot(name="blue", active=True, weight=90)
GREEN = Slot(name="green", active=False, weight=10)


def test_a_role_without_nodes_has_no_node_set() -> None:
    assert [node_set.role for node_set in BLUE.node_sets(Nodes(miners=2, verifiers=0))] == ["miner"]


def test_bootnodes_come_from_every_set_and_stay_few_as_it_grows() -> None:
    assert BLUE.bootnodes(Nodes(miners=50, verifiers=1)) == [
        "pouw-blue-miner-0.pouw-blue-peers:30303",
        "pouw-blue-miner-1.pouw-blue-peers:30303",
        "pouw-blue-verifier-0.pouw-blue-peers:30303",
    ]


def test_nodes_of_both_slots_form_one_network() -> None:
    nodes = Nodes(miners=1, verifiers=0)
    assert slots.bootnodes(GREEN, (BLUE, GREEN), nodes) == [
        "pouw-green-miner-0.pouw-green-peers:30303",
        "pouw-blue-miner-0.pouw-blue-peers:30303",
    ]


def test_the_client_service_states_the_active_slot_and_the_weights() -> None:
    assert slot_annotations([GREEN, BLUE]) == {
        "pouw.dev/active-slot": "blue",
        "pouw.dev/slot-weights": "green=10,blue=90",
    }
