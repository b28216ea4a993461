"""The node pools of the site, except the one that is part of the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native.containerservice.agent_pool import AgentPool

from infra.azure import node_pool_plan
from infra.azure.cluster import Cluster
from infra.azure.keys import Keys
from infra.azure.network import Network
from infra.component import Component
from infra.contracts import SiteContext


@dataclass(frozen=True, kw_only=True)
class NodePoolsArgs:
    """The node pools of one cluster, whose disk encryption set also encrypts their disks."""

    context: SiteContext
    keys: Keys
    network: Network
    cluster: Cluster


class NodePools(Component, token="pouw:azure:NodePools"):
    """Every pool in every zone, except the system pool of the first zone, which is part of the cluster."""

    pools: pulumi.Output[Sequence[str]]

    def __init__(self, name: str, args: NodePoolsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        pools = [self._pool(name, args, pool) for pool in node_pool_plan.zone_pools(args.context.site.pools)[1:]]
        self.publish(pools=[pool.id for pool in pools])

    def _pool(self, name: str, args: NodePoolsArgs, pool: node_pool_plan.ZonePool) -> AgentPool:
        profile = node_pool_plan.profile(pool, args.context)
        # The autoscaler changes the number of machines.
        options = self.child(ignore=["count"] if profile["enable_auto_scaling"] else [])
        return AgentPool(
            f"{name}-{pool.name}",
            resource_group_name=args.cluster.group,
            resource_name_=args.cluster.name,
            agent_pool_name=node_pool_plan.pool_name(pool),
            vnet_subnet_id=args.network.subnet(node_pool_plan.subnet_of(pool)),
            opts=options,
            **profile,
        )
