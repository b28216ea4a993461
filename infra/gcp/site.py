"""A site on Google Cloud: its components, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi

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
from infra.gcp import node_pool_plan as machines
from infra.gcp.alarms import Alarms, AlarmsArgs
from infra.gcp.audit_logs import AuditLogs, AuditLogsArgs
from infra.gcp.backups import Backups, BackupsArgs
from infra.gcp.budget import Budget, BudgetArgs
from infra.gcp.cluster import Cluster, ClusterArgs
from infra.gcp.edge import Edge, EdgeArgs
from infra.gcp.identity import POD, Identity, IdentityArgs
from infra.gcp.keys import Keys, KeysArgs
from infra.gcp.machine_types import disk_type, machine_type
from infra.gcp.network import Network, NetworkArgs
from infra.gcp.node_pools import NodePools, NodePoolsArgs
from infra.gcp.registry import Registry, RegistryArgs
from infra.gcp.settings import GcpSite

PROVISIONER: Final = "pd.csi.storage.gke.io"
PEERS: Final[Mapping[str, str]] = {"cloud.google.com/l4-rbs": "enabled"}
"""Annotations of a pass-through balancer that keeps the sender's address, of the current generation."""


@dataclass(frozen=True, kw_only=True)
class SiteArgs:
    """One site; it has an edge only if there are clients to serve and host names for its certificate."""

    context: SiteContext[GcpSite]
    contacts: Sequence[str]
    repository: str
    hosts: Sequence[str]
    allow_from: Sequence[str]


class Site(Component, token="pouw:gcp:Site"):
    """The components of a site on Google Cloud, in order."""

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
        cluster = Cluster(
            f"{name}-cluster",
            ClusterArgs(context=context, keys=keys, audit_logs=audit_logs, alarms=alarms, network=network),
            child,
        )
        pools = NodePools(
            f"{name}-pools", NodePoolsArgs(context=context, keys=keys, network=network, cluster=cluster), child
        )
        registry = Registry(
            f"{name}-registry", RegistryArgs(context=context, keys=keys, repository=args.repository), child
        )
        backups = Backups(
            f"{name}-backups", BackupsArgs(context=context, keys=keys, audit_logs=audit_logs, alarms=alarms), child
        )
        identity = Identity(
            f"{name}-identity",
            IdentityArgs(context=context, keys=keys, cluster=cluster, registry=registry, backups=backups),
            child,
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
        if context.site.budget is not None:
            Budget(
                f"{name}-budget", BudgetArgs(context=context, keys=keys, alarms=alarms, contacts=args.contacts), child
            )
        disks = disk_type(machine_type("miners", context.site.pools.miners))
        self.access = ClusterAccess(
            kubeconfig=cluster.kubeconfig, identity=cluster.identity, foundation=(cluster, pools)
        )
        self.connectivity = Connectivity(
            egress=network.egress,
            balancer_entry=Entry(type="NodePort", annotations={}),
            peers_entry=Entry(type="LoadBalancer", annotations=PEERS),
        )
        self.object_store = ObjectStore(bucket=backups.bucket, copy=backups.copy)
        self.sinks = Sinks(logs=audit_logs.logs, alarms=alarms.channel)
        self.machines = Machines(
            tolerations=machines.tolerations(context.site.pools),
            storage_class=keys.key.apply(lambda key: storage_class(disks, key)),
        )
        self.identities = WorkloadIdentities(annotations=identity.annotations, pod=POD)
        self.publish(repository=registry.repository)


def storage_class(disks: str, key: str) -> dict[str, Any]:
    """Return the class of disks of one type, encrypted with the site's own key."""
    return {"provisioner": PROVISIONER, "parameters": {"type": disks, "disk-encryption-kms-key": key}}
