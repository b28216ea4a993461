"""The nodes of one slot: a StatefulSet a role, and what its pods need to find one another and stay up."""

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

from infra import workload
from infra.component import Component
from infra.naming import labels, selector
from infra.settings.stack import Chain, Nodes
from infra.workload import Manifest, NodePod, Pool, Tolerations


@dataclass(frozen=True, kw_only=True)
class NodeClusterArgs:
    """One slot of one site."""

    namespace: pulumi.Input[str]
    key_seed: pulumi.Input[str]
    """Secret from which node keys and the admin token are derived."""
    site: str
    slot: str
    image: pulumi.Input[str]
    nodes: Nodes
    chain: Chain
    insist_on_spread: bool
    keep_volumes: bool = False
    """Whether the chain outlives its pods' controller, which nothing then deletes or replaces unasked."""
    entries: tuple[str, ...] = ()
    """Where nodes of other sites are found, ``host:port``."""
    machines: Tolerations | None = None
    """Of machines that carry pool labels: miners then run on the miners' pool, all others on the ``rpc`` pool."""


class NodeCluster(Component, token="pouw:kubernetes:NodeCluster"):
    """Nodes of one slot.

    Outputs: ``rpc_service`` (headless, ready nodes only: what a balancer resolves) and ``peers_service`` (all nodes).
    """

    rpc_service: pulumi.Output[str]
    peers_service: pulumi.Output[str]

    def __init__(self, name: str, args: NodeClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        pools = workload.pools(args.nodes, args.slot)
        base = f"pouw-{args.slot}"
        account = ServiceAccount(
            f"{name}-account",
            metadata=self._metadata(base),
            automount_service_account_token=False,
            opts=self.child(),
        )
        network = ConfigMap(
            f"{name}-network",
            metadata=self._metadata(f"{base}-network"),
            data={"network.json": workload.network_file(args.chain)},
            opts=self.child(),
        )
        keys = Secret(
            f"{name}-keys",
            metadata=self._metadata(f"{base}-keys"),
            string_data=pulumi.Output.secret(args.key_seed).apply(lambda seed: key_files(seed, args.site, pools)),
            opts=self.child(),
        )
        peers = self._headless(f"{name}-peers", f"{base}-peers", {"p2p": workload.P2P_PORT}, unready=True)
        rpc_ports = {"rpc": workload.RPC_PORT, "ws": workload.WS_PORT}
        rpc = self._headless(f"{name}-rpc", f"{base}-rpc", rpc_ports, unready=False)
        PodDisruptionBudget(
            f"{name}-budget",
            metadata=self._metadata(base),
            spec={"max_unavailable": 1, "selector": {"match_labels": selector("node", slot=args.slot)}},
            opts=self.child(),
        )
        for pool in pools:
            self._stateful_set(name, pool, self._template(pool, pools, base), [account, network, keys, peers])
        self.publish(rpc_service=rpc.metadata["name"], peers_service=peers.metadata["name"])

    def _metadata(self, name: str, role: str | None = None) -> Manifest:
        args = self._args
        return {
            "name": name,
            "namespace": args.namespace,
            "labels": labels("node", site=args.site, slot=args.slot, role=role),
        }

    def _headless(self, resource: str, name: str, ports: Mapping[str, int], *, unready: bool) -> Service:
        # Names of peers must resolve before any of them is ready, else no network could ever start.
        return Service(
            resource,
            metadata={**self._metadata(name), "annotations": {"pulumi.com/skipAwait": "true"}},
            spec={
                "cluster_ip": "None",
                # The API server drops a false one, and what is declared but never stored would differ for ever.
                **({"publish_not_ready_addresses": True} if unready else {}),
                "selector": selector("node", slot=self._args.slot),
                "ports": [{"name": key, "port": port, "target_port": key} for key, port in ports.items()],
            },
            opts=self.child(),
        )

    def _template(self, pool: Pool, pools: list[Pool], base: str) -> Manifest:
        args = self._args
        pod = NodePod(
            site=args.site,
            slot=args.slot,
            pool=pool,
            nodes=args.nodes,
            chain=args.chain,
            image=args.image,
            bootnodes=[*workload.bootnodes(pools, f"{base}-peers"), *args.entries],
            peers_service=f"{base}-peers",
            insist_on_spread=args.insist_on_spread,
            placement=workload.placement("miners" if pool.role == "miner" else "rpc", args.machines),
        )
        return workload.node_pod(
            pod, network_config=f"{base}-network", keys_secret=f"{base}-keys", service_account=base
        )

    def _stateful_set(self, name: str, pool: Pool, template: Manifest, needs: list[pulumi.Resource]) -> None:
        args = self._args
        StatefulSet(
            f"{name}-{pool.role}",
            metadata=self._metadata(pool.name, pool.role),
            spec={
                "replicas": pool.replicas,
                "serviceName": f"pouw-{args.slot}-peers",
                "podManagementPolicy": "Parallel",
                "updateStrategy": {"type": "RollingUpdate"},
                "selector": {"matchLabels": selector("node", slot=args.slot, role=pool.role)},
                "template": template,
                "volumeClaimTemplates": [workload.volume_claim(args.nodes)],
                # Scaling in keeps the chain for the node's return; the slot's end removes it, where it may.
                "persistentVolumeClaimRetentionPolicy": {
                    "whenDeleted": "Retain" if args.keep_volumes else "Delete",
                    "whenScaled": "Retain",
                },
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=needs, protect=args.keep_volumes),
        )


def key_files(seed: str, site: str, pools: list[Pool]) -> dict[str, str]:
    """Contents of the keys' Secret: one file a pod, and the admin token."""
    files = {pod: workload.node_key(seed, site=site, pod=pod) for pool in pools for pod in pool.pods()}
    return {**files, "admin.token": workload.admin_token(seed, site=site)}
