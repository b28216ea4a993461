"""The objects of a production site as plain manifests, without an engine or a cluster."""

from __future__ import annotations

import yaml

from infra import node_pod, slots
from infra.contracts import Entry, PodIdentity, Scaler
from infra.kubernetes import balancer, node_autoscaler
from infra.kubernetes.balancer import Balancer, BalancerArgs
from infra.kubernetes.namespace import Namespace, NamespaceArgs, WorkloadContext
from infra.kubernetes.node_autoscaler import NodeAutoscaler, NodeAutoscalerArgs
from infra.kubernetes.node_cluster import NodeCluster, NodeClusterArgs
from infra.kubernetes.peering import Peering, PeeringArgs
from infra.naming import NAMESPACE
from infra.settings.stack import Balancer as BalancerSettings
from infra.settings.stack import Chain, Exposure, Nodes
from infra.slots import Slot
from tests.infra.recorder import record

IMAGE = "registry.example.org/pouw/node@sha256:" + "ab" * 32
SITE = "hall"
SLOTS = (Slot(name="blue", active=True, weight=100),)
CLIENTS = ("192.0.2.0/24",)
IDENTITY = PodIdentity(labels={}, cidr="169.254.170.23/32", port=80)


def _declare() -> None:
    nodes = Nodes()
    exposure = Exposure(type="LoadBalancer", allow_from=CLIENTS)
    settings = BalancerSettings(exposure=exposure)
    workloads = [
        node_pod.declaration(nodes),
        balancer.declaration(settings, CLIENTS),
        node_autoscaler.declaration(IDENTITY),
    ]
    Namespace(SITE, NamespaceArgs(site=SITE, workloads=workloads))
    context = WorkloadContext(namespace=NAMESPACE, site=SITE, require_spread=True, protect=False)
    for slot in SLOTS:
        NodeCluster(
            f"{SITE}-{slot.name}",
            NodeClusterArgs(
                context=context,
                key_seed="00" * 32,
                slot=slot,
                image=IMAGE,
                nodes=nodes,
                chain=Chain(),
                bootnodes=tuple(slots.bootnodes(slot, SLOTS, nodes)),
            ),
        )
    Balancer(f"{SITE}-balancer", BalancerArgs(context=context, slots=SLOTS, image=IMAGE, settings=settings))
    NodeAutoscaler(
        f"{SITE}-autoscaler",
        NodeAutoscalerArgs(
            context=context,
            image=node_autoscaler.image(None, "1.34"),
            scaler=Scaler(arguments=("--cloud-provider=aws",), environment={"AWS_REGION": "us-east-1"}),
            identity=IDENTITY,
            annotations={},
        ),
    )
    entry = Entry(type="LoadBalancer", annotations={})
    peering = PeeringArgs(context=context, slot=slots.active(SLOTS), entry=entry, sources=["198.51.100.7/32"])
    Peering(f"{SITE}-peering", peering)


def rendered() -> str:
    """Return the objects as YAML documents."""
    return yaml.safe_dump_all(
        dict(resource.inputs)
        for resource in record(_declare)
        if resource.custom and resource.token.startswith("kubernetes:")
    )
