"""A site on Google Cloud: its parts, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from infra.component import Component
from infra.contracts import Dns, Entry, PodIdentity, RecordKind, Scaler, SiteContext
from infra.gcp import identity as identities
from infra.gcp import node_pool_plan as machines
from infra.gcp.alarms import Alarms, AlarmsArgs
from infra.gcp.audit_logs import AuditLogs, AuditLogsArgs
from infra.gcp.backups import Backups, BackupsArgs
from infra.gcp.budget import Budget, BudgetArgs
from infra.gcp.cluster import Cluster, ClusterArgs
from infra.gcp.edge import Edge, EdgeArgs
from infra.gcp.identity import Identity, IdentityArgs
from infra.gcp.keys import Keys, KeysArgs
from infra.gcp.machine_types import disk_type, machine_type
from infra.gcp.network import Network, NetworkArgs
from infra.gcp.node_pools import NodePools, NodePoolsArgs
from infra.gcp.registry import Registry, RegistryArgs
from infra.gcp.settings import GcpSite
from infra.workload import Tolerations

PROVISIONER: Final = "pd.csi.storage.gke.io"
PEERS: Final[Mapping[str, str]] = {"cloud.google.com/l4-rbs": "enabled"}
"""A balancer that passes packets through with their senders, of the kind that Google still develops."""


@dataclass(frozen=True, kw_only=True)
class SiteArgs:
    """One site; ``names`` is missing where there is no edge."""

    context: SiteContext[GcpSite]
    contacts: Sequence[str]
    repository: str
    dns: Dns | None
    hosts: Sequence[str]
    allow_from: Sequence[str]


class Site(Component, token="pouw:gcp:Site"):
    """Outputs as of the contract."""

    kubeconfig: pulumi.Output[str]
    identity: pulumi.Output[str]
    foundation: Sequence[pulumi.Resource]
    egress: pulumi.Output[Sequence[str]]
    repository: pulumi.Output[str]
    annotations: pulumi.Output[Mapping[str, Mapping[str, str]]]
    storage_class: pulumi.Output[Mapping[str, Any]]
    address: pulumi.Output[str]
    address_kind: RecordKind
    balancer_entry: Entry
    peers_entry: Entry
    tolerations: Tolerations
    pod_identity: PodIdentity = identities.POD
    scaler: Scaler | None = None

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
        address: pulumi.Input[str] = ""
        if args.allow_from and args.dns is not None:
            address = Edge(
                f"{name}-edge",
                EdgeArgs(
                    context=context,
                    keys=keys,
                    audit_logs=audit_logs,
                    alarms=alarms,
                    network=network,
                    node_pools=pools,
                    dns=args.dns,
                    hosts=args.hosts,
                    allow_from=args.allow_from,
                ),
                child,
            ).address
        if context.site.budget is not None:
            Budget(
                f"{name}-budget", BudgetArgs(context=context, keys=keys, alarms=alarms, contacts=args.contacts), child
            )
        self.address_kind = "A"
        volumes = disk_type(machine_type("miners", context.site.pools.miners))
        self.balancer_entry = Entry(type="NodePort", annotations={})
        self.peers_entry = Entry(type="LoadBalancer", annotations=PEERS)
        self.tolerations = machines.tolerations(context.site.pools)
        self.foundation = (cluster, pools)
        self.publish(
            kubeconfig=cluster.kubeconfig,
            identity=cluster.identity,
            egress=network.egress,
            repository=registry.repository,
            annotations=identity.annotations,
            storage_class={
                "provisioner": PROVISIONER,
                "parameters": {"type": volumes, "disk-encryption-kms-key": keys.key},
            },
            address=address,
        )
