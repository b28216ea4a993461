"""The site's machines: node pools with private addresses, encrypted disks and hardened settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_gcp.container.node_pool import NodePool

from infra.component import Component
from infra.contracts import POOL_LABEL, SiteContext
from infra.gcp import node_pool_plan, physical_names
from infra.gcp.cluster import Cluster
from infra.gcp.keys import Keys
from infra.gcp.machine_types import ACCELERATORS, disk_type
from infra.gcp.network import Network
from infra.gcp.node_pool_plan import Group
from infra.workload import digest


@dataclass(frozen=True, kw_only=True)
class NodePoolsArgs:
    """The node pools of one cluster."""

    context: SiteContext
    keys: Keys
    network: Network
    cluster: Cluster


class NodePools(Component, token="pouw:gcp:NodePools"):
    """Outputs: ``pools``, and ``rpc_groups``, the instance groups, one per zone, that the edge routes to."""

    pools: pulumi.Output[Sequence[str]]
    rpc_groups: pulumi.Output[Sequence[str]]

    def __init__(self, name: str, args: NodePoolsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        groups = node_pool_plan.groups(args.context.site.pools)
        pools = {group.name: self._pool(f"{name}-{group.name}", args, group) for group in groups}
        self.publish(
            pools=[pool.id for pool in pools.values()],
            rpc_groups=pools["rpc"].managed_instance_group_urls,
        )

    def _pool(self, name: str, args: NodePoolsArgs, group: Group) -> NodePool:
        context = args.context
        return NodePool(
            name,
            name=physical_names.compose_name("pool", context, pool_name(group)),
            project=physical_names.project(context),
            location=context.region,
            node_locations=list(context.zones),
            cluster=args.cluster.cluster,
            initial_node_count=group.initial_per_zone,
            autoscaling=bounds(group),
            management={"auto_repair": True, "auto_upgrade": True},
            upgrade_settings=upgrade(group.machine),
            network_config={"enable_private_nodes": True},
            node_config={
                **machine(group, context),
                "service_account": args.cluster.accounts[group.pool],
                "boot_disk_kms_key": args.keys.key,
            },
            opts=self.child(
                # Google cannot change the initial number: a new minimum would replace the pool.
                ignore=["initialNodeCount"],
            ),
        )


def pool_name(group: Group) -> str:
    """Return the name of a pool, which depends on the properties that Google cannot change.

    So the new pool is created before the old one is deleted.
    """
    accelerators = ACCELERATORS.get(group.machine)
    fixed = f"{accelerators.kind} {accelerators.count}" if accelerators else "none"
    return f"{group.name}-{digest(f'{fixed} {disk_type(group.machine)}')[:4]}"


def bounds(group: Group) -> dict[str, Any]:
    """Return autoscaling bounds, totals of all zones. Spot machines may come from any zone."""
    return {
        "total_min_node_count": group.minimum,
        "total_max_node_count": group.maximum,
        "location_policy": "ANY" if group.spot else "BALANCED",
    }


def upgrade(machine_type: str) -> dict[str, Any]:
    """Return the upgrade settings: one extra machine, or one fewer where accelerators are scarce."""
    scarce = machine_type in ACCELERATORS
    return {"strategy": "SURGE", "max_surge": 0 if scarce else 1, "max_unavailable": 1 if scarce else 0}


def machine(group: Group, context: SiteContext) -> dict[str, Any]:
    """Return the settings of a machine: hardened, and labelled with its pool."""
    accelerators = ACCELERATORS.get(group.machine)
    return {
        "machine_type": group.machine,
        "image_type": "COS_CONTAINERD",
        "disk_type": disk_type(group.machine),
        "disk_size_gb": group.disk_gib,
        "spot": group.spot,
        "oauth_scopes": ["https://www.googleapis.com/auth/cloud-platform"],
        "shielded_instance_config": {"enable_secure_boot": True, "enable_integrity_monitoring": True},
        "workload_metadata_config": {"mode": "GKE_METADATA"},
        "kubelet_config": {"insecure_kubelet_readonly_port_enabled": "FALSE"},
        "metadata": {"disable-legacy-endpoints": "true", "block-project-ssh-keys": "true"},
        "gvnic": {"enabled": True},
        "labels": {POOL_LABEL: group.pool},
        "taints": [{"key": POOL_LABEL, "value": group.pool, "effect": "NO_SCHEDULE"}] if group.pool == "miners" else [],
        "tags": [physical_names.machine_tag(context, group.pool)],
        "resource_labels": dict(context.tags),
        "guest_accelerators": [
            {
                "type": accelerators.kind,
                "count": accelerators.count,
                "gpu_driver_installation_config": {"gpu_driver_version": "DEFAULT"},
            }
        ]
        if accelerators
        else [],
    }
