"""A whole site on Azure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi

from infra.azure import identity as identities
from infra.azure import node_pool_plan
from infra.azure.alarms import Alarms, AlarmsArgs
from infra.azure.audit_logs import AuditLogs, AuditLogsArgs
from infra.azure.backups import Backups, BackupsArgs
from infra.azure.budget import Budget, BudgetArgs
from infra.azure.cluster import Cluster, ClusterArgs
from infra.azure.edge import Edge, EdgeArgs
from infra.azure.identity import Identity, IdentityArgs
from infra.azure.keys import Keys, KeysArgs
from infra.azure.network import Network, NetworkArgs
from infra.azure.node_pools import NodePools, NodePoolsArgs
from infra.azure.private_endpoints import Service
from infra.azure.registry import Registry, RegistryArgs
from infra.azure.settings import AzureSite
from infra.azure.subnets import BALANCERS, balancer_address
from infra.component import Component
from infra.contracts import Dns, Entry, PodIdentity, RecordKind, Scaler, SiteContext
from infra.workload import Tolerations

_BALANCER: Final = "service.beta.kubernetes.io/azure-load-balancer"


@dataclass(frozen=True, kw_only=True)
class SiteArgs:
    """What a site is made from; ``names`` and ``hosts`` are for an edge, which only ``allow_from`` opens."""

    context: SiteContext[AzureSite]
    contacts: Sequence[str]
    repository: str
    dns: Dns | None
    hosts: Sequence[str]
    allow_from: Sequence[str]


class Site(Component, token="pouw:azure:Site"):
    """Everything around one cluster."""

    kubeconfig: pulumi.Output[str]
    identity: pulumi.Output[str]
    foundation: Sequence[pulumi.Resource]
    egress: pulumi.Output[Sequence[str]]
    repository: pulumi.Output[str]
    annotations: pulumi.Output[Mapping[str, Mapping[str, str]]]
    storage_class: pulumi.Output[Mapping[str, Any]]
    address: pulumi.Output[str]
    address_kind: RecordKind = "CNAME"
    balancer_entry: Entry
    peers_entry: Entry
    tolerations: Tolerations
    pod_identity: PodIdentity = identities.POD
    scaler: Scaler | None = None

    def __init__(self, name: str, args: SiteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context, child = args.context, self.child()
        self.balancer_entry, self.peers_entry = balancer_entry(context), peers_entry(context)
        self.tolerations = node_pool_plan.tolerations(context.site.pools)
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
        address: pulumi.Input[str] = ""
        if args.allow_from and args.dns is not None:
            edge = Edge(
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
            )
            address = edge.address
        self.foundation = (cluster, pools)
        self.publish(
            kubeconfig=cluster.kubeconfig,
            identity=cluster.identity,
            egress=network.egress,
            repository=registry.repository,
            annotations=identity.annotations,
            storage_class=storage_class(cluster.disks),
            address=address,
        )


def services_of(registry: Registry, backups: Backups) -> list[Service]:
    """Services that machines and workloads reach by private endpoints."""
    return [
        Service(name="registry", id=registry.registry, part="registry", zone="privatelink.azurecr.io"),
        Service(name="backups", id=backups.account, part="blob", zone="privatelink.blob.core.windows.net"),
    ]


def storage_class(disks: pulumi.Input[str]) -> dict[str, Any]:
    """Disks under the site's own key, which nobody can export. A disk stands in one zone: bind it where its pod is."""
    return {
        "provisioner": "disk.csi.azure.com",
        "parameters": {
            "skuName": "Premium_LRS",
            "diskEncryptionSetID": disks,
            "networkAccessPolicy": "DenyAll",
        },
    }


def balancer_entry(context: SiteContext) -> Entry:
    """The in-cluster balancer, on an internal load balancer at a fixed address of the balancers' subnet."""
    address = balancer_address(context.plan)
    annotations = {
        f"{_BALANCER}-internal": "true",
        f"{_BALANCER}-internal-subnet": BALANCERS,
        f"{_BALANCER}-ipv4": address,
    }
    return Entry(type="LoadBalancer", annotations=annotations, address=address)


def peers_entry(context: SiteContext) -> Entry:
    """The peers' port, on a public load balancer that the cluster opens to the sources that the service names."""
    tags = ",".join(f"{key}={value}" for key, value in sorted(context.tags.items()))
    return Entry(type="LoadBalancer", annotations={"service.beta.kubernetes.io/azure-pip-tags": tags})
