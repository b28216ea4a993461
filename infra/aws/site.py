"""A site on AWS: all of its parts, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from infra.aws import identity as identities
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
from infra.component import Component
from infra.contracts import Dns, Entry, Place, PodIdentity, RecordKind, Scaler
from infra.workload import Tolerations


@dataclass(frozen=True, kw_only=True)
class SiteArgs:
    """One site; without ``allow_from`` it has no edge."""

    place: Place
    contacts: Sequence[str]
    repository: str
    names: Dns | None
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
        place = args.place
        self.balancer_entry = Entry(type="NodePort", annotations={})
        self.peers_entry = peers_entry(place.tags)
        # EKS puts no taint of its own on machines.
        self.tolerations, self.scaler = {}, scaler(place)
        inside = self.child()
        keys = Keys(f"{name}-keys", KeysArgs(place=place), inside)
        monitoring = AuditLogs(
            f"{name}-monitoring", AuditLogsArgs(place=place, keys=keys, contacts=args.contacts), inside
        )
        network = Network(f"{name}-network", NetworkArgs(place=place, keys=keys, monitoring=monitoring), inside)
        cluster = Cluster(
            f"{name}-cluster",
            ClusterArgs(place=place, keys=keys, monitoring=monitoring, network=network),
            inside,
        )
        pools = NodePools(
            f"{name}-pools", NodePoolsArgs(place=place, keys=keys, network=network, cluster=cluster), inside
        )
        registry = Registry(
            f"{name}-registry", RegistryArgs(place=place, keys=keys, repository=args.repository), inside
        )
        backups = Backups(f"{name}-backups", BackupsArgs(place=place, keys=keys, monitoring=monitoring), inside)
        identity = Identity(
            f"{name}-identity",
            IdentityArgs(place=place, keys=keys, cluster=cluster, registry=registry, backups=backups),
            inside,
        )
        if place.site.budget is not None:
            Budget(f"{name}-budget", BudgetArgs(place=place, monitoring=monitoring, contacts=args.contacts), inside)
        edge = None
        if args.allow_from and args.names is not None:
            edge = Edge(
                f"{name}-edge",
                EdgeArgs(
                    place=place,
                    keys=keys,
                    monitoring=monitoring,
                    network=network,
                    node_pools=pools,
                    names=args.names,
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
