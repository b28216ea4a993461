"""A site on Azure: its components, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from infra.azure import node_pool_plan
from infra.azure.alarms import Alarms, AlarmsArgs
from infra.azure.audit_logs import AuditLogs, AuditLogsArgs
from infra.azure.backups import Backups, BackupsArgs
from infra.azure.budget import Budget, BudgetArgs
from infra.azure.cluster import Cluster, ClusterArgs
from infra.azure.edge import Edge, EdgeArgs
from infra.azure.identity import POD, Identity, IdentityArgs
from infra.azure.keys import Keys, KeysArgs
from infra.azure.network import Network, NetworkArgs
from infra.azure.node_pools import NodePools, NodePoolsArgs
from infra.azure.private_endpoints import Service
from infra.azure.registry import Registry, RegistryArgs
from infra.azure.settings import AzureSite
from infra.azure.subnets import BALANCERS, balancer_address
from infra.component import Component
from infra.contracts import (
    ClusterAccess,
    Connectivity,
    EdgeAddress,
    Entry,
    Machines,
    ObjectStore,
    Sinks,
    SiteContext,
    WorkloadIdentities,
)

_BALANCER: Final = "service.beta.kubernetes.io/azure-load-balancer"


@dataclass(frozen=True, kw_only=True)
class SiteArgs:
    """One site; it has an edge only if there are clients to serve and host names for its certificate."""

    context: SiteContext[AzureSite]
    contacts: Sequence[str]
    repository: str
    hosts: Sequence[str]
    allow_from: Sequence[str]


class Site(Component, token="pouw:azure:Site"):
    """The components of a site on Azure, in order."""

    access: ClusterAccess
    connectivity: Connectivity
    edge: EdgeAddress | None = None
    repository: pulumi.Output[str]
    object_store: ObjectStore
    sinks: Sinks
    machines: Machines
    identities: WorkloadIdentities

    def __init__(self, name: str, args: SiteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context, child = args.context, self.child()
        keys = Keys(f"{name}-keys", KeysArgs(context=context), child)
        audit_logs = AuditLogs(f"{name}-audit-logs", AuditLogsArgs(context=context, keys=keys), child)
        alarms = Alarms(f"{name}-alarms", AlarmsArgs(context=context, keys=keys, contacts=args.contacts), child)
        network = Network(
            f"{name}-network", NetworkArgs(context=context, keys=keys, audit_logs=audit_logs, alarms=alarms), child
        )
        registry = Registry(
            f"{name}-registry", RegistryArgs(context=context, keys=keys, repository=args.repository), child
        )
        audited = {"vault": keys.vault, "registry": registry.registry, "registry-vault": registry.vault}
        for part, resource in audited.items():
            audit_logs.collect(self, f"{name}-{part}-audit", resource)
        backups = Backups(
            f"{name}-backups", BackupsArgs(context=context, keys=keys, audit_logs=audit_logs, alarms=alarms), child
        )
        network.endpoints(f"{name}-endpoints", network.network, services_of(registry, backups))
        cluster = Cluster(
            f"{name}-cluster",
            ClusterArgs(context=context, keys=keys, audit_logs=audit_logs, alarms=alarms, network=network),
            child,
        )
        pools = NodePools(
            f"{name}-pools", NodePoolsArgs(context=context, keys=keys, network=network, cluster=cluster), child
        )
        identity = Identity(
            f"{name}-identity",
            IdentityArgs(context=context, keys=keys, cluster=cluster, registry=registry, backups=backups),
            child,
        )
        if context.site.budget is not None:
            Budget(
                f"{name}-budget", BudgetArgs(context=context, keys=keys, alarms=alarms, contacts=args.contacts), child
            )
        if args.allow_from and args.hosts:
            edge = Edge(
                f"{name}-edge",
                EdgeArgs(
                    context=context,
                    keys=keys,
                    audit_logs=audit_logs,
                    alarms=alarms,
                    network=network,
                    node_pools=pools,
                    hosts=args.hosts,
                    allow_from=args.allow_from,
                ),
                child,
            )
            self.edge = EdgeAddress(address=edge.address, kind=edge.address_kind, proofs=edge.proofs)
        self.access = ClusterAccess(
            kubeconfig=cluster.kubeconfig, identity=cluster.identity, foundation=(cluster, pools)
        )
        self.connectivity = Connectivity(
            egress=network.egress, balancer_entry=balancer_entry(context), peers_entry=peers_entry(context)
        )
        self.object_store = ObjectStore(bucket=backups.bucket, copy=backups.copy)
        self.sinks = Sinks(logs=audit_logs.logs, alarms=alarms.channel)
        self.machines = Machines(
            tolerations=node_pool_plan.tolerations(context.site.pools),
            storage_class=pulumi.Output.from_input(cluster.disks).apply(storage_class),
        )
        self.identities = WorkloadIdentities(annotations=identity.annotations, pod=POD)
        self.publish(repository=registry.repository)


def services_of(registry: Registry, backups: Backups) -> list[Service]:
    """Return the services that machines and workloads reach by private endpoints."""
    return [
        Service(name="registry", id=registry.registry, part="registry", zone="privatelink.azurecr.io"),
        Service(name="backups", id=backups.account, part="blob", zone="privatelink.blob.core.windows.net"),
    ]


def storage_class(disks: pulumi.Input[str]) -> dict[str, Any]:
    """Return the class of disks that are encrypted with the site's own key and cannot be exported."""
    return {
        "provisioner": "disk.csi.azure.com",
        "parameters": {
            "skuName": "Premium_LRS",
            "diskEncryptionSetID": disks,
            "networkAccessPolicy": "DenyAll",
        },
    }


def balancer_entry(context: SiteContext) -> Entry:
    """Return the entry on an internal load balancer at a fixed address of the balancers' subnet."""
    address = balancer_address(context.plan)
    annotations = {
        f"{_BALANCER}-internal": "true",
        f"{_BALANCER}-internal-subnet": BALANCERS,
        f"{_BALANCER}-ipv4": address,
    }
    return Entry(type="LoadBalancer", annotations=annotations, address=address)


def peers_entry(context: SiteContext) -> Entry:
    """Return the entry on a public load balancer, which admits the sources that the peers' service lists."""
    tags = ",".join(f"{key}={value}" for key, value in sorted(context.tags.items()))
    return Entry(type="LoadBalancer", annotations={"service.beta.kubernetes.io/azure-pip-tags": tags})
