"""Slots: the complete sets of nodes behind the balancer, as plain data with the names of their objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infra.settings.stack import Nodes
from infra.settings.stack import Slot as SlotSettings
from infra.workload import P2P_PORT

_BOOTNODES_PER_SET = 2


@dataclass(frozen=True, kw_only=True)
class NodeSet:
    """The nodes of one role in one slot: one StatefulSet, whatever their number."""

    role: str
    replicas: int
    name: str

    @property
    def pods(self) -> list[str]:
        """Names of its pods, which are the names of the nodes too."""
        return [f"{self.name}-{ordinal}" for ordinal in range(self.replicas)]


@dataclass(frozen=True, kw_only=True)
class Slot:
    """Blue or green: one complete set of nodes."""

    name: str
    active: bool
    """The active slot is the one that other sites connect to."""
    weight: int
    """Percentage of the clients' requests."""

    @property
    def base_name(self) -> str:
        """Name of the slot's objects, and prefix of the names of all others."""
        return f"pouw-{self.name}"

    @property
    def rpc_service(self) -> str:
        """Name of the headless service over the ready nodes."""
        return f"{self.base_name}-rpc"

    @property
    def peers_service(self) -> str:
        """Name of the headless service over all nodes."""
        return f"{self.base_name}-peers"

    def node_sets(self, nodes: Nodes) -> list[NodeSet]:
        """Return the node sets of the slot, without roles that have no nodes."""
        replicas = (("miner", nodes.miners), ("verifier", nodes.verifiers))
        return [
            NodeSet(role=role, replicas=count, name=f"{self.base_name}-{role}") for role, count in replicas if count
        ]

    def bootnodes(self, nodes: Nodes) -> list[str]:
        """Return the addresses that a new node dials first: some of every set, so that one lost pod isolates none."""
        return [
            f"{pod}.{self.peers_service}:{P2P_PORT}"
            for node_set in self.node_sets(nodes)
            for pod in node_set.pods[:_BOOTNODES_PER_SET]
        ]


def of_settings(settings: Sequence[SlotSettings]) -> tuple[Slot, ...]:
    """Return the slots that the settings describe, in their order."""
    return tuple(Slot(name=slot.name, active=slot.active, weight=slot.weight) for slot in settings)


def active(slots: Sequence[Slot]) -> Slot:
    """Return the active slot; validated settings have exactly one."""
    return next(slot for slot in slots if slot.active)


def bootnodes(slot: Slot, slots: Sequence[Slot], nodes: Nodes) -> list[str]:
    """Return the bootnodes of a slot: first its own, then those of the other slots, with which it forms one network."""
    return [
        address for member in sorted(slots, key=lambda member: member != slot) for address in member.bootnodes(nodes)
    ]
