"""The room that workloads live in: a namespace under the restricted standard, closed networks, least privilege."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1.Namespace import Namespace
from pulumi_kubernetes.networking.v1.NetworkPolicy import NetworkPolicy
from pulumi_kubernetes.rbac.v1.Role import Role
from pulumi_kubernetes.rbac.v1.RoleBinding import RoleBinding

from infra.component import Component
from infra.naming import NAMESPACE, OBSERVERS, labels, selector
from infra.workload import P2P_PORT, RPC_PORT, WS_PORT, Manifest


@dataclass(frozen=True, kw_only=True)
class SecurityArgs:
    """One site's room."""

    site: str
    client_ranges: tuple[str, ...]
    """CIDR ranges that may reach the balancer; empty means any source."""


def network_policies(client_ranges: tuple[str, ...]) -> dict[str, Manifest]:
    """Network policies by name: everything is closed, then each flow that the network needs is opened."""
    node, balancer = {"matchLabels": selector("node")}, {"matchLabels": selector("balancer")}
    dns = {"ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]}
    clients = [{"ipBlock": {"cidr": cidr}} for cidr in client_ranges]
    to_nodes = {"to": [{"podSelector": node}], "ports": _tcp(RPC_PORT, WS_PORT)}
    return {
        "default-deny": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        "node": {
            "podSelector": node,
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [
                {"from": [{"podSelector": node}], "ports": _tcp(P2P_PORT)},
                {"from": [{"podSelector": balancer}], "ports": _tcp(RPC_PORT, WS_PORT)},
                {
                    "from": [{"namespaceSelector": {"matchLabels": {"pouw.dev/monitoring": "true"}}}],
                    "ports": _tcp(RPC_PORT),
                },
            ],
            "egress": [{"to": [{"podSelector": node}], "ports": _tcp(P2P_PORT)}, dns],
        },
        "balancer": {
            "podSelector": balancer,
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{**({"from": clients} if clients else {}), "ports": _tcp("rpc", "ws", "metrics")}],
            "egress": [to_nodes, dns],
        },
    }


def _tcp(*ports: int | str) -> list[Manifest]:
    return [{"protocol": "TCP", "port": port} for port in ports]


class Security(Component, token="pouw:kubernetes:Security"):
    """Namespace, network policies and the observers' role of a site. Output: ``namespace``."""

    namespace: pulumi.Output[str]

    def __init__(self, name: str, args: SecurityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        own = labels("security", site=args.site)
        standard = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
        namespace = Namespace(
            f"{name}-namespace", metadata={"name": NAMESPACE, "labels": {**own, **standard}}, opts=self.child()
        )
        where = namespace.metadata["name"]
        for policy, spec in network_policies(args.client_ranges).items():
            metadata = {"name": policy, "namespace": where, "labels": own}
            NetworkPolicy(f"{name}-{policy}", metadata=metadata, spec=spec, opts=self.child())
        observer = Role(
            f"{name}-observer",
            metadata={"name": "pouw-observer", "namespace": where, "labels": own},
            rules=[
                {
                    "api_groups": ["", "apps", "policy"],
                    "resources": ["pods", "pods/log", "services", "events", "statefulsets", "deployments",
                                  "poddisruptionbudgets"],
                    "verbs": ["get", "list", "watch"],
                }
            ],
            opts=self.child(),
        )  # fmt: skip
        RoleBinding(
            f"{name}-observers",
            metadata={"name": "pouw-observers", "namespace": where, "labels": own},
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": "pouw-observer"},
            subjects=[{"kind": "Group", "name": OBSERVERS, "api_group": "rbac.authorization.k8s.io"}],
            opts=self.child(depends_on=[observer]),
        )
        self.publish(namespace=where)
