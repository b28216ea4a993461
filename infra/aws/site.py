"""A site on AWS: its components, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from infra.aws import node_pool_plan
from infra.aws.alarms import Alarms, AlarmsArgs
from infra.aws.audit_logs import AuditLogs, AuditLogsArgs
from infra.aws.backups import Backups, BackupsArgs
from infra.aws.budget import Budget, BudgetArgs
from infra.aws.cluster import Cluster, ClusterArgs
from infra.aws.edge import Edge, EdgeArgs
from infra.aws.identity import POD, Identity, IdentityArgs
from infra.aws.keys import Keys, KeysArgs
from infra.aws.network import Network, NetworkArgs
from infra.aws.node_autoscaler import scaler
from infra.aws.node_pools import NodePools, NodePoolsArgs
from infra.aws.registry import Registry, RegistryArgs
from infra.aws.settings import AwsSite
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


@dataclass(frozen=True, kw_only=True)
class SiteArgs:
    """One site; it has an edge only if there are clients to serve and host names for its certificate."""

    context: SiteContext[AwsSite]
    contacts: Sequence[str]
    repository: str
    hosts: Sequence[str]
    allow_from: Sequence[str]


class Site(Component, token="pouw:aws:Site"):
    """The components of a site on AWS, in order."""

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
        context = args.context
        child = self.child()
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
            egress=network.egress,
            balancer_entry=Entry(type="NodePort", annotations={}),
            peers_entry=peers_entry(context.tags),
        )
        self.object_store = ObjectStore(bucket=backups.bucket, copy=backups.copy)
        self.sinks = Sinks(logs=audit_logs.logs, alarms=alarms.channel)
        self.machines = Machines(
            tolerations=node_pool_plan.tolerations(context.site.pools),
            storage_class=keys.key.apply(storage_class),
            scaler=scaler(context),
        )
        self.identities = WorkloadIdentities(annotations=identity.annotations, pod=POD)
        self.publish(repository=registry.repository)


def storage_class(key: str) -> dict[str, Any]:
    """Return the class of current disks, encrypted with the site's own key."""
    return {
        "provisioner": "ebs.csi.aws.com",
        "parameters": {"type": "gp3", "encrypted": "true", "kmsKeyId": key},
    }


def peers_entry(tags: Mapping[str, str]) -> Entry:
    """Return the entry on a network balancer, which admits the sources that the peers' service lists."""
    prefix = "service.beta.kubernetes.io/aws-load-balancer"
    annotations = {
        f"{prefix}-type": "nlb",
        f"{prefix}-cross-zone-load-balancing-enabled": "true",
        f"{prefix}-additional-resource-tags": ",".join(f"{key}={value}" for key, value in sorted(tags.items())),
    }
    return Entry(type="LoadBalancer", annotations=annotations, kind="CNAME")
