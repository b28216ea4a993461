"""The namespace of the workloads: the restricted standard, limits and network policies, a role for observers.

Every workload declares its containers, volumes and flows as plain data (``infra.workload.Workload``). The limits and
network policies of the namespace follow from that data, so a workload never meets a limit that was made for another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.core.v1.LimitRange import LimitRange
from pulumi_kubernetes.core.v1.Namespace import Namespace as NamespaceObject
from pulumi_kubernetes.networking.v1.NetworkPolicy import NetworkPolicy
from pulumi_kubernetes.rbac.v1.Role import Role
from pulumi_kubernetes.rbac.v1.RoleBinding import RoleBinding

from infra import flows, workload
from infra.component import Component
from infra.naming import NAMESPACE, OBSERVERS, labels
from infra.quantities import parsed, total
from infra.settings.stack import Amounts
from infra.workload import Manifest, Tolerations, Workload


@dataclass(frozen=True, kw_only=True)
class WorkloadContext:
    """The surroundings that all workloads of a site share."""

    namespace: pulumi.Input[str]
    site: str
    require_spread: bool
    """True if pods of one kind must be on different hosts; otherwise the scheduler tries."""
    protect: bool
    """True if the engine refuses to delete objects that hold data."""
    tolerations: Tolerations | None = None
    """Tolerations by node pool; ``None`` if the cluster's machines have no pool labels."""

    def metadata(self, name: str, component: str, *, slot: str | None = None, role: str | None = None) -> Manifest:
        """Return the metadata of an object of a component."""
        own_labels = labels(component, site=self.site, slot=slot, role=role)
        return {"name": name, "namespace": self.namespace, "labels": own_labels}

    def scheduling(self, component: str, *, pool: str, slot: str | None = None) -> Manifest:
        """Return the part of a pod's spec that decides its machine: spread over hosts and zones, and the node pool."""
        return {
            "affinity": workload.host_spread(component, slot=slot, required=self.require_spread),
            "topologySpreadConstraints": workload.zone_spread(component, slot=slot),
            **workload.placement(pool, self.tolerations),
        }


def limits(workloads: Sequence[Workload]) -> list[Manifest]:
    """Return the limits of the namespace, each as large as the largest declared container, pod and volume.

    A container without requests and limits gets the smallest that a workload declares.
    """
    containers = [resources for member in workloads for resources in member.containers.values()]
    volumes = [size for member in workloads for size in member.volumes.values()]
    container_limit = {
        "type": "Container",
        "max": _extreme(max, [resources.limits for resources in containers]),
        "default": _extreme(min, [resources.limits for resources in containers]),
        "defaultRequest": _extreme(min, [resources.requests for resources in containers]),
    }
    pod_limit = {"type": "Pod", "max": _extreme(max, [_pod_limits(member) for member in workloads])}
    volume_limits = [
        {"type": "PersistentVolumeClaim", "max": {"storage": size}} for size in sorted(volumes, key=parsed)[-1:]
    ]
    return [container_limit, pod_limit, *volume_limits]


def _pod_limits(pod: Workload) -> Amounts:
    """Return the sum of the limits of all containers of a pod."""
    container_limits = [resources.limits for resources in pod.containers.values()]
    return Amounts(
        cpu=total([amounts.cpu for amounts in container_limits]),
        memory=total([amounts.memory for amounts in container_limits]),
    )


def _extreme(choose: Callable[..., str], amounts: Sequence[Amounts]) -> dict[str, str]:
    return {
        "cpu": choose((entry.cpu for entry in amounts), key=parsed),
        "memory": choose((entry.memory for entry in amounts), key=parsed),
    }


def network_policies(workloads: Iterable[Workload]) -> Iterator[tuple[str, Manifest]]:
    """Yield the network policies by name: one denies every connection, the others allow each workload's flows."""
    yield "default-deny", dict(flows.CLOSED)
    for member in workloads:
        yield (
            member.component,
            flows.network_policy(member.component, ingress=member.ingress, egress=member.egress),
        )


@dataclass(frozen=True, kw_only=True)
class NamespaceArgs:
    """One site's namespace."""

    site: str
    workloads: Sequence[Workload]
    """Every workload that runs in the namespace."""


class Namespace(Component, token="pouw:kubernetes:Namespace", former_tokens=("pouw:kubernetes:Security",)):
    """Namespace, limits, network policies and the observers' role of a site. Output: ``namespace``."""

    namespace: pulumi.Output[str]

    def __init__(self, name: str, args: NamespaceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        own_labels = labels("security", site=args.site)
        standard = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
        resource = NamespaceObject(
            f"{name}-namespace", metadata={"name": NAMESPACE, "labels": {**own_labels, **standard}}, opts=self.child()
        )
        namespace = resource.metadata["name"]
        LimitRange(
            f"{name}-limits",
            metadata={"name": "pouw-limits", "namespace": namespace, "labels": own_labels},
            spec={"limits": limits(args.workloads)},
            opts=self.child(),
        )
        for policy, spec in network_policies(args.workloads):
            metadata = {"name": policy, "namespace": namespace, "labels": own_labels}
            NetworkPolicy(f"{name}-{policy}", metadata=metadata, spec=spec, opts=self.child())
        self._allow_observers(name, namespace, own_labels)
        self.publish(namespace=namespace)

    def _allow_observers(self, name: str, namespace: pulumi.Output[str], own_labels: dict[str, str]) -> None:
        """Let the group of observers read every object of the namespace that holds no secret."""
        observer = Role(
            f"{name}-observer",
            metadata={"name": "pouw-observer", "namespace": namespace, "labels": own_labels},
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
            metadata={"name": "pouw-observers", "namespace": namespace, "labels": own_labels},
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": "pouw-observer"},
            subjects=[{"kind": "Group", "name": OBSERVERS, "api_group": "rbac.authorization.k8s.io"}],
            opts=self.child(depends_on=[observer]),
        )
