"""A site on any existing Kubernetes: the embedded one, on-premises, kind, or a cluster that another stack made."""

from __future__ import annotations

from typing import Any

import pulumi
from pulumi_kubernetes.provider import Provider

from infra import configuration
from infra.kubernetes.balancer import Balancer, BalancerArgs
from infra.kubernetes.node_cluster import NodeCluster, NodeClusterArgs
from infra.kubernetes.security import Security, SecurityArgs
from infra.settings import Settings
from infra.sites import Site

SLOT = "blue"


def deploy(stack: Settings, site: Site) -> dict[str, Any]:
    """Declare the site; its outputs."""
    provider = Provider(
        site.name,
        kubeconfig=stack.kubeconfig or None,
        context=site.context,
        # Changed keys and settings are read by pods through hashes in their templates; replacing the objects would
        # take them away from running pods.
        enable_config_map_mutable=True,
        enable_secret_mutable=True,
    )
    opts = pulumi.ResourceOptions(provider=provider)
    spread = stack.environment == "production"
    node_image, balancer_image = configuration.required_images(stack)
    security = Security(site.name, SecurityArgs(site=site.name, client_ranges=stack.balancer.exposure.allow_from), opts)
    key_seed = pulumi.Config("pouw").require_secret("nodeKeySeed")
    NodeCluster(
        f"{site.name}-{SLOT}",
        NodeClusterArgs(
            namespace=security.namespace,
            key_seed=key_seed,
            site=site.name,
            slot=SLOT,
            image=node_image,
            nodes=stack.nodes,
            chain=stack.chain,
            insist_on_spread=spread,
        ),
        opts,
    )
    balancer = Balancer(
        f"{site.name}-balancer",
        BalancerArgs(
            namespace=security.namespace,
            site=site.name,
            slot=SLOT,
            image=balancer_image,
            settings=stack.balancer,
            insist_on_spread=spread,
        ),
        opts,
    )
    return {
        "name": site.name,
        "cloud": site.cloud,
        "role": site.role,
        "namespace": security.namespace,
        "activeSlot": SLOT,
        "balancer": balancer.service,
    }
