"""Connections that workloads need, as plain data, and the network policy that allows exactly these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from infra.naming import selector

if TYPE_CHECKING:
    # Settings and their checks import this module, and the SDK takes a second.
    import pulumi

Peers: TypeAlias = "pulumi.Input[Sequence[Mapping[str, Any]]]"
"""Peers in the form of the Kubernetes API; unknown at preview where they are addresses of other sites."""
ANYWHERE: Final = "0.0.0.0/0"


@dataclass(frozen=True, kw_only=True)
class Flow:
    """Connections in one direction between the pods of a workload and some peers."""

    ports: tuple[int | str, ...]
    """Numbers, or names of container ports."""
    peers: Peers | None = None
    """``None`` allows any peer."""
    protocols: tuple[str, ...] = ("TCP",)


def pods(component: str) -> Sequence[Mapping[str, Any]]:
    """Return the pods of a component in the same namespace, as peers."""
    return [{"podSelector": {"matchLabels": selector(component)}}]


def ranges(cidrs: Iterable[str]) -> Sequence[Mapping[str, Any]]:
    """Return address ranges as peers."""
    return [{"ipBlock": {"cidr": cidr}} for cidr in cidrs]


DNS: Final = Flow(ports=(53,), protocols=("UDP", "TCP"))
"""Queries to the cluster's name service."""
MONITORING: Final[Peers] = [{"namespaceSelector": {"matchLabels": {"pouw.dev/monitoring": "true"}}}]
"""Pods in the namespaces that collect metrics."""
CLOSED: Final[Mapping[str, Any]] = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
"""The policy that denies every connection that no other policy allows."""


def network_policy(component: str, *, ingress: Iterable[Flow], egress: Iterable[Flow]) -> dict[str, Any]:
    """Return the spec of the network policy that allows these flows to and from the pods of a component."""
    return {
        "podSelector": {"matchLabels": selector(component)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [_rule("from", flow) for flow in ingress],
        "egress": [_rule("to", flow) for flow in egress],
    }


def _rule(direction: str, flow: Flow) -> dict[str, Any]:
    ports = [{"protocol": protocol, "port": port} for port in flow.ports for protocol in flow.protocols]
    return {"ports": ports} if flow.peers is None else {direction: flow.peers, "ports": ports}
