"""The room that workloads live in: a namespace under the restricted standard, closed networks, least privilege."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1.LimitRange import LimitRange
from pulumi_kubernetes.core.v1.Namespace import Namespace
from pulumi_kubernetes.networking.v1.NetworkPolicy import NetworkPolicy
from pulumi_kubernetes.rbac.v1.Role import Role
from pulumi_kubernetes.rbac.v1.RoleBinding import RoleBinding

from infra.component import Component
from infra.naming import NAMESPACE, OBSERVERS, labels, selector
from infra.quantities import parsed
from infra.settings.stack import Amounts, Resources
from infra.workload import P2P_PORT, RPC_PORT, WS_PORT, Manifest


@dataclass(frozen=True, kw_only=True)
class SecurityArgs:
    """One site's room."""

    site: str
    client_ranges: tuple[str, ...]
    """CIDR ranges that may reach the balancer; empty means any source."""
    amounts: Sequence[Resources]
    """What each kind of pod in the room asks for and may use, a container a pod."""
    volume: str
    """Size of the largest volume that one of them asks for."""


def limits(amounts: Sequence[Resources], volume: str) -> list[Manifest]:
    """Limits of the room: nothing may be larger than the largest of ours, and what names no amounts is a small one."""
    largest = _each(max, [one.limits for one in amounts])
    small = {
        "default": _each(min, [one.limits for one in amounts]),
        "defaultRequest": _each(min, [one.requests for one in amounts]),
    }
    return [
        {"type": "Container", "max": largest, **small},
        {"type": "Pod", "max": largest},
        {"type": "PersistentVolumeClaim", "max": {"storage": volume}},
    ]


def _each(choose: Callable[..., str], given: Sequence[Amounts]) -> dict[str, str]:
    return {
        "cpu": choose((one.cpu for one in given), key=parsed),
        "memory": choose((one.memory for one in given), key=parsed),
    }


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
    """Namespace, limits, network policies and the observers' role of a site. Output: ``namespace``."""

    namespace: pulumi.Output[str]

    def __init__(self, name: str, args: SecurityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        own = labels("security", site=args.site)
        standard = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
        namespace = Namespace(
            f"{name}-namespace", metadata={"name": NAMESPACE, "labels": {**own, **standard}}, opts=self.child()
        )
        where = namespace.metadata["name"]
        LimitRange(
            f"{name}-limits",
            metadata={"name": "pouw-limits", "namespace": where, "labels": own},
            spec={"limits": limits(args.amounts, args.volume)},
            opts=self.child(),
        )
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
