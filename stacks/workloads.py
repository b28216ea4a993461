"""The workloads of a site, which are the same on every target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from infra import node_pod, slots
from infra.identities import AUTOSCALER
from infra.kubernetes import balancer as balancers
from infra.kubernetes import node_autoscaler
from infra.kubernetes.balancer import Balancer, BalancerArgs
from infra.kubernetes.namespace import Namespace, NamespaceArgs, WorkloadContext
from infra.kubernetes.node_autoscaler import NodeAutoscaler, NodeAutoscalerArgs
from infra.kubernetes.node_cluster import NodeCluster, NodeClusterArgs
from infra.kubernetes.peering import Peering, PeeringArgs
from infra.kubernetes.settings import ClusterSite
from infra.kubernetes.storage import NAME as ENCRYPTED
from infra.kubernetes.storage import Storage, StorageArgs
from infra.settings.site import ManagedSite
from infra.settings.stack import Nodes, Settings
from infra.slots import Slot
from infra.workload import Workload
from stacks import hostnames
from stacks.cluster_target import ClusterTarget


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """A site with its workloads."""

    target: ClusterTarget
    peers_address: pulumi.Output[str] | None
    """Address of the peers' entry; ``None`` if the stack has no other site."""
    outputs: dict[str, Any]


def deploy(stack: Settings, target: ClusterTarget, peers: Sequence[ClusterTarget]) -> Deployed:
    """Declare the workloads of a site that forms one network with ``peers``, the other sites."""
    site, nodes, deployed = target.site, _nodes(stack, target), slots.of_settings(stack.slots)
    opts = pulumi.ResourceOptions(provider=target.provider)
    prerequisites: list[pulumi.Resource] = []
    if target.cloud is not None:
        arguments = StorageArgs(site=site.name, definition=target.cloud.machines.storage_class)
        prerequisites.append(Storage(site.name, arguments, opts))
    workloads = [*declarations(stack, target)]
    namespace = Namespace(site.name, NamespaceArgs(site=site.name, workloads=workloads), opts)
    context = WorkloadContext(
        namespace=namespace.namespace,
        site=site.name,
        require_spread=stack.environment == "production",
        protect=stack.protect,
        tolerations=target.tolerations,
    )
    # The limits grow before the pods that need them start.
    after_limits = pulumi.ResourceOptions(provider=target.provider, depends_on=[namespace, *prerequisites])
    remote_bootnodes = [hostnames.peers_entry(stack, peer.site) for peer in peers]
    for slot in deployed:
        slot_arguments = NodeClusterArgs(
            context=context,
            key_seed=pulumi.Config("pouw").require_secret("nodeKeySeed"),
            slot=slot,
            image=target.node_image,
            nodes=nodes,
            chain=stack.chain,
            bootnodes=(*slots.bootnodes(slot, deployed, nodes), *remote_bootnodes),
        )
        NodeCluster(f"{site.name}-{slot.name}", slot_arguments, after_limits)
    balancer = Balancer(
        f"{site.name}-balancer",
        BalancerArgs(
            context=context,
            slots=deployed,
            image=target.balancer_image,
            settings=stack.balancer,
            entry=target.balancer_entry,
        ),
        after_limits,
    )
    _autoscaler(stack, target, context, after_limits)
    active = slots.active(deployed)
    peering = _peering(target, peers, context, active, opts) if peers else None
    outputs = {
        "name": site.name,
        "cloud": site.cloud,
        "region": site.region if isinstance(site, ManagedSite) else None,
        "role": site.role,
        "namespace": namespace.namespace,
        "activeSlot": active.name,
        "slots": [{"name": slot.name, "active": slot.active, "weight": slot.weight} for slot in deployed],
        "balancer": balancer.service,
        "address": target.edge.address if target.edge else "",
        "egress": target.egress,
        "peers": peering.address if peering else "",
        **({"kubeconfig": _secret(target.cloud.access.kubeconfig)} if target.cloud else {}),
    }
    return Deployed(target=target, peers_address=peering.address if peering else None, outputs=outputs)


def declarations(stack: Settings, target: ClusterTarget) -> Iterator[Workload]:
    """Yield every workload that runs in the namespace of a site."""
    yield node_pod.declaration(stack.nodes)
    # Behind an edge the balancer's clients are the cloud's own machines, and the edge decides who may connect.
    yield balancers.declaration(stack.balancer, () if target.balancer_entry else stack.balancer.exposure.allow_from)
    if target.cloud is not None and target.cloud.machines.scaler is not None:
        yield node_autoscaler.declaration(target.cloud.identities.pod)


def _autoscaler(stack: Settings, target: ClusterTarget, context: WorkloadContext, opts: pulumi.ResourceOptions) -> None:
    """Declare the autoscaler of machines, where the cloud has none of its own."""
    if not isinstance(target.site, ManagedSite) or target.cloud is None or target.cloud.machines.scaler is None:
        return
    arguments = NodeAutoscalerArgs(
        context=context,
        image=node_autoscaler.image(stack.images.autoscaler, target.site.cluster.version),
        scaler=target.cloud.machines.scaler,
        identity=target.cloud.identities.pod,
        annotations=target.cloud.identities.annotations_of(AUTOSCALER),
    )
    NodeAutoscaler(f"{context.site}-autoscaler", arguments, opts)


def _peering(
    target: ClusterTarget,
    peers: Sequence[ClusterTarget],
    context: WorkloadContext,
    slot: Slot,
    opts: pulumi.ResourceOptions,
) -> Peering:
    sources = pulumi.Output.all(*(peer.egress for peer in peers)).apply(
        lambda lists: sorted({cidr for ranges in lists for cidr in ranges})
    )
    arguments = PeeringArgs(context=context, slot=slot, entry=target.peers_entry, sources=sources)
    return Peering(f"{context.site}-peering", arguments, opts)


def _secret(value: pulumi.Output[str]) -> pulumi.Output[str]:
    return pulumi.Output.secret(value)


def _nodes(stack: Settings, target: ClusterTarget) -> Nodes:
    """Return the stack's nodes, on the storage class of the site."""
    storage = stack.nodes.storage
    site_class = target.site.storage_class if isinstance(target.site, ClusterSite) else None
    class_name = site_class or storage.class_name or (ENCRYPTED if target.cloud is not None else None)
    return stack.nodes.model_copy(update={"storage": storage.model_copy(update={"class_name": class_name})})
