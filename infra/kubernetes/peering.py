"""The peers' entry of a site: nodes of the stack's other sites connect through it, and its own nodes dial theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1.Service import Service
from pulumi_kubernetes.networking.v1.NetworkPolicy import NetworkPolicy

from infra import flows
from infra.component import Component
from infra.contracts import Entry
from infra.flows import ANYWHERE, Flow
from infra.kubernetes.namespace import WorkloadContext
from infra.naming import selector
from infra.slots import Slot
from infra.workload import P2P_PORT, Manifest

NAME = "pouw-peers-entry"


@dataclass(frozen=True, kw_only=True)
class PeeringArgs:
    """One site among several."""

    context: WorkloadContext
    slot: Slot
    """The active slot, whose nodes other sites reach."""
    entry: Entry
    sources: pulumi.Input[Sequence[str]]
    """CIDR ranges of the other sites' connections; no other address may connect."""


class Peering(Component, token="pouw:kubernetes:Peering"):
    """A service that the other sites dial. Output: ``address``, a name or an address as the cloud reports it."""

    address: pulumi.Output[str]

    def __init__(self, name: str, args: PeeringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        metadata = args.context.metadata(NAME, "peers")
        NetworkPolicy(f"{name}-policy", metadata=metadata, spec=network_policy(args.sources), opts=self.child())
        service = Service(
            f"{name}-service",
            metadata={**metadata, "annotations": dict(args.entry.annotations)},
            spec={
                "type": "LoadBalancer",
                # The network policy above decides by the sender's own address.
                "external_traffic_policy": "Local",
                "load_balancer_source_ranges": args.sources,
                "selector": selector("node", slot=args.slot.name),
                "ports": [{"name": "p2p", "port": P2P_PORT, "target_port": "p2p", "protocol": "TCP"}],
            },
            opts=self.child(),
        )
        self.publish(address=service.status.apply(published_address))


def published_address(status: object) -> str:
    """Return the name or address in a service's status; empty where the cluster has published none."""
    balancer = getattr(status, "load_balancer", None)
    for entry in getattr(balancer, "ingress", None) or ():
        return str(entry.hostname or entry.ip or "")
    return ""


def network_policy(sources: pulumi.Input[Sequence[str]]) -> Manifest:
    """Return the policy by which ``sources`` reach nodes, and nodes dial the peers' port anywhere.

    A peer proves its identity by its key, so the destination is open. Only the sources are unknown before the other
    sites have addresses; compliance rules can judge everything else.
    """
    senders = pulumi.Output.from_input(sources).apply(flows.ranges)
    return flows.network_policy(
        "node",
        ingress=[Flow(peers=senders, ports=(P2P_PORT,))],
        egress=[Flow(peers=flows.ranges([ANYWHERE]), ports=(P2P_PORT,))],
    )
