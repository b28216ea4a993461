"""A site on AWS: all of its parts, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from infra.aws import identity as identities
from infra.aws.alarms import Alarms, AlarmsArgs
from infra.aws.audit_logs import AuditLogs, AuditLogsArgs
from infra.aws.backups import Backups, BackupsArgs
from infra.aws.budget import Budget, BudgetArgs
from infra.aws.cluster import Cluster, ClusterArgs
from infra.aws.edge import Edge, EdgeArgs
from infra.aws.identity import Identity, IdentityArgs
from infra.aws.keys import Keys, KeysArgs
from infra.aws.network import Network, NetworkArgs
from infra.aws.node_autoscaler import scaler
from infra.aws.node_pools import NodePools, NodePoolsArgs
from infra.aws.registry import Registry, RegistryArgs
from infra.aws.settings import AwsSite
from infra.component import Component
from infra.contracts import Dns, Entry, PodIdentity, RecordKind, Scaler, SiteContext
from infra.workload import Tolerations


@dataclass(frozen=True, kw_only=True)
class SiteArgs:
    """One site; without ``allow_from`` it has no edge."""

    context: SiteContext[AwsSite]
    contacts: Sequence[str]
    repository: str
    dns: Dns | None
    hosts: Sequence[str]
    allow_from: Sequence[str]


class Site(Component, token="pouw:aws:Site"):
    """Outputs as the contract names them."""

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
    scaler: Scaler | None

    def __init__(self, name: str, args: SiteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context = args.context
        self.balancer_entry = Entry(type="NodePort", annotations={})
        self.peers_entry = peers_entry(context.tags)
        # EKS puts no taint of its own on machines.
        self.tolerations, self.scaler = {}, scaler(context)
        inside = self.child()
        keys = Keys(f"{name}-keys", KeysArgs(context=context), inside)
        audit_logs = AuditLogs(f"{name}-audit-logs", AuditLogsArgs(context=context, keys=keys), inside)
        alarms = Alarms(f"{name}-alarms", AlarmsArgs(context=context, keys=keys, contacts=args.contacts), inside)
        network = Network(
            f"{name}-network", NetworkArgs(context=context, keys=keys, audit_logs=audit_logs, alarms=alarms), inside
        )
        cluster = Cluster(
            f"{name}-cluster",
            ClusterArgs(context=context, keys=keys, audit_logs=audit_logs, alarms=alarms, network=network),
            inside,
        )
        pools = NodePools(
            f"{name}-pools", NodePoolsArgs(context=context, keys=keys, network=network, cluster=cluster), inside
        )
        registry = Registry(
            f"{name}-registry", RegistryArgs(context=context, keys=keys, repository=args.repository), inside
        )
        backups = Backups(
            f"{name}-backups", BackupsArgs(context=context, keys=keys, audit_logs=audit_logs, alarms=alarms), inside
        )
        identity = Identity(
            f"{name}-identity",
            IdentityArgs(context=context, keys=keys, cluster=cluster, registry=registry, backups=backups),
            inside,
        )
        if context.site.budget is not None:
            Budget(
                f"{name}-budget", BudgetArgs(context=context, keys=keys, alarms=alarms, contacts=args.contacts), inside
            )
        edge = None
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
                inside,
            )
        self.foundation = (cluster, pools)
        self.publish(
            kubeconfig=cluster.kubeconfig,
            identity=cluster.identity,
            egress=network.egress,
            repository=registry.repository,
            annotations=identity.annotations,
            storage_class=keys.key.apply(storage_class),
            address=edge.address if edge else "",
        )


def storage_class(key: str) -> dict[str, Any]:
    """Disks of the current kind, encrypted under the site's own key."""
    return {
        "provisioner": "ebs.csi.aws.com",
        "parameters": {"type": "gp3", "encrypted": "true", "kmsKeyId": key},
    }


def peers_entry(tags: Mapping[str, str]) -> Entry:
    """A network balancer that the cluster makes for the peers' service, open to the sources that the service names."""
    prefix = "service.beta.kubernetes.io/aws-load-balancer"
    annotations = {
        f"{prefix}-type": "nlb",
        f"{prefix}-cross-zone-load-balancing-enabled": "true",
        f"{prefix}-additional-resource-tags": ",".join(f"{key}={value}" for key, value in sorted(tags.items())),
    }
    return Entry(type="LoadBalancer", annotations=annotations, kind="CNAME")
