"""The workloads of a site, the same on every target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from infra.kubernetes import node_autoscaler
from infra.kubernetes.balancer import Balancer, BalancerArgs
from infra.kubernetes.namespace import Security, SecurityArgs
from infra.kubernetes.node_autoscaler import Autoscaler, AutoscalerArgs
from infra.kubernetes.node_cluster import NodeCluster, NodeClusterArgs
from infra.kubernetes.peering import Peering, PeeringArgs
from infra.kubernetes.storage import NAME as ENCRYPTED
from infra.kubernetes.storage import Storage, StorageArgs
from infra.settings.stack import Nodes, Settings
from stacks import hostnames
from stacks.cluster_target import ClusterTarget, Scaling

SLOT = "blue"


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """A site with its workloads."""

    target: ClusterTarget
    peers_address: pulumi.Output[str] | None
    """Where other sites come in; ``None`` where there are none."""
    outputs: dict[str, Any]


def deploy(stack: Settings, target: ClusterTarget, others: Sequence[ClusterTarget]) -> Deployed:
    """Declare the workloads of a site that forms one network with ``others``."""
    site = target.site
    opts = pulumi.ResourceOptions(provider=target.provider)
    spread = stack.environment == "production"
    needs: list[pulumi.Resource] = []
    if target.storage is not None:
        needs.append(Storage(site.name, StorageArgs(site=site.name, definition=target.storage), opts))
    ranges = () if target.balancer_entry else stack.balancer.exposure.allow_from
    nodes = _nodes(stack, target)
    amounts = [nodes.resources, stack.balancer.resources, *([node_autoscaler.RESOURCES] if target.scaling else [])]
    security = Security(
        site.name,
        SecurityArgs(site=site.name, client_ranges=ranges, amounts=amounts, volume=nodes.storage.size),
        opts,
    )
    # Limits have grown before what needs them is made.
    ready = pulumi.ResourceOptions(provider=target.provider, depends_on=[security, *needs])
    NodeCluster(
        f"{site.name}-{SLOT}",
        NodeClusterArgs(
            namespace=security.namespace,
            key_seed=pulumi.Config("pouw").require_secret("nodeKeySeed"),
            site=site.name,
            slot=SLOT,
            image=target.node_image,
            nodes=nodes,
            chain=stack.chain,
            insist_on_spread=spread,
            keep_volumes=stack.environment == "production",
            entries=tuple(hostnames.peers_entry(stack, other.site) for other in others),
            machines=target.machines,
        ),
        ready,
    )
    balancer = Balancer(
        f"{site.name}-balancer",
        BalancerArgs(
            namespace=security.namespace,
            site=site.name,
            slot=SLOT,
            image=target.balancer_image,
            settings=stack.balancer,
            insist_on_spread=spread,
            entry=target.balancer_entry,
            machines=target.machines,
        ),
        ready,
    )
    if target.scaling is not None:
        _autoscaler(target, target.scaling, security.namespace, ready, spread=spread)
    peers = _peering(target, others, security.namespace, opts) if others else None
    outputs = {
        "name": site.name,
        "cloud": site.cloud,
        "region": site.region,
        "role": site.role,
        "namespace": security.namespace,
        "activeSlot": SLOT,
        "balancer": balancer.service,
        "address": target.address,
        "egress": target.egress,
        "peers": peers.address if peers else "",
        **({"kubeconfig": target.kubeconfig} if target.kubeconfig is not None else {}),
    }
    return Deployed(target=target, peers_address=peers.address if peers else None, outputs=outputs)


def _autoscaler(
    target: ClusterTarget,
    scaling: Scaling,
    namespace: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
    *,
    spread: bool,
) -> None:
    arguments = AutoscalerArgs(
        namespace=namespace,
        site=target.site.name,
        image=scaling.image,
        scaler=scaling.scaler,
        identity=scaling.identity,
        annotations=scaling.annotations,
        insist_on_spread=spread,
        machines=target.machines,
    )
    Autoscaler(f"{target.site.name}-autoscaler", arguments, opts)


def _peering(
    target: ClusterTarget, others: Sequence[ClusterTarget], namespace: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> Peering:
    sources = pulumi.Output.all(*(other.egress for other in others)).apply(
        lambda lists: sorted({cidr for ranges in lists for cidr in ranges})
    )
    arguments = PeeringArgs(
        namespace=namespace, site=target.site.name, slot=SLOT, entry=target.peers_entry, sources=sources
    )
    return Peering(f"{target.site.name}-peering", arguments, opts)


def _nodes(stack: Settings, target: ClusterTarget) -> Nodes:
    """The stack's nodes, on the storage class of the site."""
    storage = stack.nodes.storage
    chosen = target.site.storage_class or storage.class_name or (ENCRYPTED if target.storage is not None else None)
    return stack.nodes.model_copy(update={"storage": storage.model_copy(update={"class_name": chosen})})
