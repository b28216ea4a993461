"""The nodes of one slot: one StatefulSet per role, and the objects by which its pods find each other and stay up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apps.v1.StatefulSet import StatefulSet
from pulumi_kubernetes.core.v1.ConfigMap import ConfigMap
from pulumi_kubernetes.core.v1.Secret import Secret
from pulumi_kubernetes.core.v1.Service import Service
from pulumi_kubernetes.core.v1.ServiceAccount import ServiceAccount
from pulumi_kubernetes.policy.v1.PodDisruptionBudget import PodDisruptionBudget

from infra import node_pod, workload
from infra.component import Component
from infra.kubernetes.namespace import WorkloadContext
from infra.naming import selector
from infra.node_keys import key_files
from infra.node_pod import NodePod
from infra.settings.stack import Chain, Nodes
from infra.slots import NodeSet, Slot
from infra.workload import Manifest


@dataclass(frozen=True, kw_only=True)
class NodeClusterArgs:
    """One slot of one site."""

    context: WorkloadContext
    key_seed: pulumi.Input[str]
    """Secret from which node keys and the admin token are derived."""
    slot: Slot
    image: pulumi.Input[str]
    nodes: Nodes
    chain: Chain
    bootnodes: tuple[str, ...]
    """Addresses that a new node dials first, ``host:port``; those of other sites among them."""


class NodeCluster(Component, token="pouw:kubernetes:NodeCluster"):
    """Nodes of one slot. In production the chain outlives its StatefulSet, which the engine refuses to delete.

    Outputs: ``rpc_service`` (headless, ready nodes only: a balancer resolves it) and ``peers_service`` (all nodes).
    """

    rpc_service: pulumi.Output[str]
    peers_service: pulumi.Output[str]

    def __init__(self, name: str, args: NodeClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        slot, base = args.slot, args.slot.base_name
        node_sets = slot.node_sets(args.nodes)
        account = ServiceAccount(
            f"{name}-account",
            metadata=self._metadata(base),
            automount_service_account_token=False,
            opts=self.child(),
        )
        network = ConfigMap(
            f"{name}-network",
            metadata=self._metadata(f"{base}-network"),
            data={"network.json": node_pod.network_file(args.chain)},
            opts=self.child(),
        )
        site = args.context.site
        keys = Secret(
            f"{name}-keys",
            metadata=self._metadata(f"{base}-keys"),
            string_data=pulumi.Output.secret(args.key_seed).apply(lambda seed: key_files(seed, site, node_sets)),
            opts=self.child(),
        )
        peers = self._headless(f"{name}-peers", slot.peers_service, {"p2p": workload.P2P_PORT}, unready=True)
        rpc_ports = {"rpc": workload.RPC_PORT, "ws": workload.WS_PORT}
        rpc = self._headless(f"{name}-rpc", slot.rpc_service, rpc_ports, unready=False)
        PodDisruptionBudget(
            f"{name}-budget",
            metadata=self._metadata(base),
            spec={"max_unavailable": 1, "selector": {"match_labels": selector("node", slot=slot.name)}},
            opts=self.child(),
        )
        for node_set in node_sets:
            self._stateful_set(name, node_set, [account, network, keys, peers])
        self.publish(rpc_service=rpc.metadata["name"], peers_service=peers.metadata["name"])

    def _metadata(self, name: str, role: str | None = None) -> Manifest:
        return self._args.context.metadata(name, "node", slot=self._args.slot.name, role=role)

    def _headless(self, resource: str, name: str, ports: Mapping[str, int], *, unready: bool) -> Service:
        # Names of peers must resolve before any of them is ready, else no network could ever start.
        return Service(
            resource,
            metadata={**self._metadata(name), "annotations": {"pulumi.com/skipAwait": "true"}},
            spec={
                "cluster_ip": "None",
                # The API server drops a false value, and a declared value that is never stored would always differ.
                **({"publish_not_ready_addresses": True} if unready else {}),
                "selector": selector("node", slot=self._args.slot.name),
                "ports": [{"name": key, "port": port, "target_port": key} for key, port in ports.items()],
            },
            opts=self.child(),
        )

    def _template(self, node_set: NodeSet) -> Manifest:
        args, base = self._args, self._args.slot.base_name
        pool = "miners" if node_set.role == "miner" else "rpc"
        pod = NodePod(
            site=args.context.site,
            slot=args.slot,
            node_set=node_set,
            nodes=args.nodes,
            chain=args.chain,
            image=args.image,
            bootnodes=args.bootnodes,
            scheduling=args.context.scheduling("node", pool=pool, slot=args.slot.name),
        )
        return node_pod.node_pod(
            pod, network_config=f"{base}-network", keys_secret=f"{base}-keys", service_account=base
        )

    def _stateful_set(self, name: str, node_set: NodeSet, depends_on: list[pulumi.Resource]) -> None:
        args, protect = self._args, self._args.context.protect
        StatefulSet(
            f"{name}-{node_set.role}",
            metadata=self._metadata(node_set.name, node_set.role),
            spec={
                "replicas": node_set.replicas,
                "serviceName": args.slot.peers_service,
                "podManagementPolicy": "Parallel",
                "updateStrategy": {"type": "RollingUpdate"},
                "selector": {"matchLabels": selector("node", slot=args.slot.name, role=node_set.role)},
                "template": self._template(node_set),
                "volumeClaimTemplates": node_pod.volume_claims(args.nodes),
                # Scaling in keeps the chain for the node's return; the end of the slot deletes it, unless protected.
                "persistentVolumeClaimRetentionPolicy": {
                    "whenDeleted": "Retain" if protect else "Delete",
                    "whenScaled": "Retain",
                },
            },
            opts=self.child(depends_on=depends_on, protect=protect),
        )
