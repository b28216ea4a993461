"""The objects of a production site of ours as plain manifests, without an engine or a cluster."""

from __future__ import annotations

import yaml

from infra.contracts import Entry, PodIdentity, Scaler
from infra.kubernetes import node_autoscaler
from infra.kubernetes.balancer import Balancer, BalancerArgs
from infra.kubernetes.namespace import Security, SecurityArgs
from infra.kubernetes.node_autoscaler import Autoscaler, AutoscalerArgs
from infra.kubernetes.node_cluster import NodeCluster, NodeClusterArgs
from infra.kubernetes.peering import Peering, PeeringArgs
from infra.naming import NAMESPACE
from infra.settings.stack import Balancer as BalancerSettings
from infra.settings.stack import Chain, Exposure, Nodes
from tests.infra.recorder import record

IMAGE = "registry.example.org/pouw/node@sha256:" + "ab" * 32
SITE, SLOT = "hall", "blue"
CLIENTS = ("192.0.2.0/24",)


def _declare() -> None:
    amounts = [Nodes().resources, BalancerSettings().resources, node_autoscaler.RESOURCES]
    Security(SITE, SecurityArgs(site=SITE, client_ranges=CLIENTS, amounts=amounts, volume="20Gi"))
    NodeCluster(
        f"{SITE}-{SLOT}",
        NodeClusterArgs(
            namespace=NAMESPACE,
            key_seed="00" * 32,
            site=SITE,
            slot=SLOT,
            image=IMAGE,
            nodes=Nodes(),
            chain=Chain(),
            insist_on_spread=True,
        ),
    )
    exposure = Exposure(type="LoadBalancer", allow_from=CLIENTS)
    Balancer(
        f"{SITE}-balancer",
        BalancerArgs(
            namespace=NAMESPACE,
            site=SITE,
            slot=SLOT,
            image=IMAGE,
            settings=BalancerSettings(exposure=exposure),
            insist_on_spread=True,
        ),
    )
    Autoscaler(
        f"{SITE}-autoscaler",
        AutoscalerArgs(
            namespace=NAMESPACE,
            site=SITE,
            image=node_autoscaler.image(None, "1.34"),
            scaler=Scaler(arguments=("--cloud-provider=aws",), environment={"AWS_REGION": "us-east-1"}),
            identity=PodIdentity(labels={}, cidr="169.254.170.23/32", port=80),
            annotations={},
            insist_on_spread=True,
        ),
    )
    entry = Entry(type="LoadBalancer", annotations={})
    Peering(
        f"{SITE}-peering",
        PeeringArgs(namespace=NAMESPACE, site=SITE, slot=SLOT, entry=entry, sources=["198.51.100.7/32"]),
    )


def rendered() -> str:
    """YAML documents, one an object."""
    return yaml.safe_dump_all(
        dict(one.inputs) for one in record(_declare) if one.custom and one.token.startswith("kubernetes:")
    )
