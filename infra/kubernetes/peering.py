"""The peers' entry of a site: how nodes of a stack's other sites come in, and how its own go out to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1.Service import Service
from pulumi_kubernetes.networking.v1.NetworkPolicy import NetworkPolicy

from infra.component import Component
from infra.contracts import Entry
from infra.naming import labels, selector
from infra.workload import P2P_PORT, Manifest

NAME = "pouw-peers-entry"


@dataclass(frozen=True, kw_only=True)
class PeeringArgs:
    """One site among several."""

    namespace: pulumi.Input[str]
    site: str
    slot: str
    entry: Entry
    sources: pulumi.Input[Sequence[str]]
    """CIDR ranges that the other sites' connections come from; nobody else may come in."""


class Peering(Component, token="pouw:kubernetes:Peering"):
    """A service that the other sites dial. Output: ``address``, a name or an address as the cloud gives it."""

    address: pulumi.Output[str]

    def __init__(self, name: str, args: PeeringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        metadata = {"name": NAME, "namespace": args.namespace, "labels": labels("peers", site=args.site)}
        NetworkPolicy(
            f"{name}-policy",
            metadata=metadata,
            spec=network_policy(pulumi.Output.from_input(args.sources).apply(_blocks)),
            opts=self.child(),
        )
        service = Service(
            f"{name}-service",
            metadata={**metadata, "annotations": dict(args.entry.annotations)},
            spec={
                "type": "LoadBalancer",
                # The sender's own address is what the policy above decides by.
                "external_traffic_policy": "Local",
                "load_balancer_source_ranges": args.sources,
                "selector": selector("node", slot=args.slot),
                "ports": [{"name": "p2p", "port": P2P_PORT, "target_port": "p2p", "protocol": "TCP"}],
            },
            opts=self.child(),
        )
        self.publish(address=service.status.apply(given_address))


def given_address(status: object) -> str:
    """The name or address in a service's status; empty where the cluster gave none."""
    balancer = getattr(status, "load_balancer", None)
    for entry in getattr(balancer, "ingress", None) or ():
        return str(entry.hostname or entry.ip or "")
    return ""


def _blocks(sources: Sequence[str]) -> list[Manifest]:
    return [{"ipBlock": {"cidr": cidr}} for cidr in sources]


def network_policy(senders: pulumi.Input[list[Manifest]]) -> Manifest:
    """Nodes may be reached by ``senders`` and may dial the peers' port anywhere: a peer is known by its key.

    Only who they are is unknown before the other sites have their addresses; what else it says can be judged.
    """
    port = [{"protocol": "TCP", "port": P2P_PORT}]
    return {
        "podSelector": {"matchLabels": selector("node")},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": senders, "ports": port}],
        "egress": [{"to": _blocks(["0.0.0.0/0"]), "ports": port}],
    }
