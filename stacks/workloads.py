"""The workloads of a site, the same on every ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

import hosts
from grounds import Ground
from infra.kubernetes.balancer import Balancer, BalancerArgs
from infra.kubernetes.node_cluster import NodeCluster, NodeClusterArgs
from infra.kubernetes.peering import Peering, PeeringArgs
from infra.kubernetes.security import Security, SecurityArgs
from infra.kubernetes.storage import NAME as ENCRYPTED
from infra.kubernetes.storage import Storage, StorageArgs
from infra.settings import Nodes, Settings

SLOT = "blue"


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """A site with its workloads."""

    ground: Ground
    peers_address: pulumi.Output[str] | None
    """Where other sites come in; ``None`` where there are none."""
    outputs: dict[str, Any]


def deploy(stack: Settings, ground: Ground, others: Sequence[Ground]) -> Deployed:
    """Declare the workloads of a site that forms one network with ``others``."""
    site = ground.site
    opts = pulumi.ResourceOptions(provider=ground.provider)
    spread = stack.environment == "production"
    needs: list[pulumi.Resource] = []
    if ground.storage is not None:
        needs.append(Storage(site.name, StorageArgs(site=site.name, definition=ground.storage), opts))
    ranges = () if ground.balancer_entry else stack.balancer.exposure.allow_from
    security = Security(site.name, SecurityArgs(site=site.name, client_ranges=ranges), opts)
    NodeCluster(
        f"{site.name}-{SLOT}",
        NodeClusterArgs(
            namespace=security.namespace,
            key_seed=pulumi.Config("pouw").require_secret("nodeKeySeed"),
            site=site.name,
            slot=SLOT,
            image=ground.node_image,
            nodes=_nodes(stack, ground),
            chain=stack.chain,
            insist_on_spread=spread,
            keep_volumes=stack.environment == "production",
            entries=tuple(hosts.peers_entry(stack, other.site) for other in others),
            pooled=ground.pooled,
        ),
        pulumi.ResourceOptions(provider=ground.provider, depends_on=needs),
    )
    balancer = Balancer(
        f"{site.name}-balancer",
        BalancerArgs(
            namespace=security.namespace,
            site=site.name,
            slot=SLOT,
            image=ground.balancer_image,
            settings=stack.balancer,
            insist_on_spread=spread,
            entry=ground.balancer_entry,
            pooled=ground.pooled,
        ),
        opts,
    )
    peers = _peering(ground, others, security.namespace, opts) if others else None
    outputs = {
        "name": site.name,
        "cloud": site.cloud,
        "region": site.region,
        "role": site.role,
        "namespace": security.namespace,
        "activeSlot": SLOT,
        "balancer": balancer.service,
        "address": ground.address,
        "egress": ground.egress,
        "peers": peers.address if peers else "",
        **({"kubeconfig": ground.kubeconfig} if ground.kubeconfig is not None else {}),
    }
    return Deployed(ground=ground, peers_address=peers.address if peers else None, outputs=outputs)


def _peering(
    ground: Ground, others: Sequence[Ground], namespace: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> Peering:
    sources = pulumi.Output.all(*(other.egress for other in others)).apply(
        lambda lists: sorted({cidr for ranges in lists for cidr in ranges})
    )
    arguments = PeeringArgs(
        namespace=namespace, site=ground.site.name, slot=SLOT, entry=ground.peers_entry, sources=sources
    )
    return Peering(f"{ground.site.name}-peering", arguments, opts)


def _nodes(stack: Settings, ground: Ground) -> Nodes:
    """The stack's nodes, on the storage class of the site."""
    storage = stack.nodes.storage
    chosen = ground.site.storage_class or storage.class_name or (ENCRYPTED if ground.storage is not None else None)
    return stack.nodes.model_copy(update={"storage": storage.model_copy(update={"class_name": chosen})})
