"""The load balancer of a site: HAProxy in front of the ready nodes of the active slot."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apps.v1.Deployment import Deployment
from pulumi_kubernetes.core.v1.ConfigMap import ConfigMap
from pulumi_kubernetes.core.v1.Service import Service
from pulumi_kubernetes.core.v1.ServiceAccount import ServiceAccount
from pulumi_kubernetes.policy.v1.PodDisruptionBudget import PodDisruptionBudget

from infra import haproxy, workload
from infra.component import Component
from infra.contracts import RPC_NODE_PORT, WS_NODE_PORT, Entry
from infra.naming import NAMESPACE, labels, selector
from infra.settings.stack import Balancer as BalancerSettings
from infra.settings.stack import Exposure
from infra.workload import Manifest, Tolerations

NAME = "pouw-balancer"
_PORTS = {"rpc": workload.RPC_PORT, "ws": workload.WS_PORT, "metrics": haproxy.METRICS_PORT}


@dataclass(frozen=True, kw_only=True)
class BalancerArgs:
    """A balancer over one slot."""

    namespace: pulumi.Input[str]
    site: str
    slot: str
    image: pulumi.Input[str]
    settings: BalancerSettings
    insist_on_spread: bool
    entry: Entry | None = None
    """How the cloud around the cluster reaches it; ``None`` leaves that to the settings."""
    machines: Tolerations | None = None
    """Of machines that carry pool labels: it then runs on the ``rpc`` pool."""


class Balancer(Component, token="pouw:kubernetes:Balancer"):
    """HAProxy over a slot. Output: ``service``, the name of the client service."""

    service: pulumi.Output[str]

    def __init__(self, name: str, args: BalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        own = labels("balancer", site=args.site)
        metadata = {"name": NAME, "namespace": args.namespace, "labels": own}
        files = configuration_files(args.slot, args.settings.max_nodes)
        configuration = ConfigMap(f"{name}-configuration", metadata=metadata, data=files, opts=self.child())
        account = ServiceAccount(
            f"{name}-account", metadata=metadata, automount_service_account_token=False, opts=self.child()
        )
        deployment = Deployment(
            f"{name}-deployment",
            metadata=metadata,
            spec={
                "replicas": args.settings.replicas,
                "selector": {"matchLabels": selector("balancer")},
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
                "template": balancer_pod(args, files),
            },
            opts=self.child(depends_on=[configuration, account]),
        )
        if args.settings.replicas > 1:
            PodDisruptionBudget(
                f"{name}-budget",
                metadata=metadata,
                spec={"max_unavailable": 1, "selector": {"match_labels": selector("balancer")}},
                opts=self.child(),
            )
        annotations = args.entry.annotations if args.entry else {}
        service = Service(
            f"{name}-service",
            metadata={**metadata, "annotations": {"pouw.dev/active-slot": args.slot, **annotations}},
            spec=client_service(args.settings.exposure, args.entry),
            opts=self.child(depends_on=[deployment]),
        )
        self.publish(service=service.metadata["name"])


def configuration_files(slot: str, max_nodes: int) -> dict[str, str]:
    """Files of the balancer's ConfigMap."""
    backend = haproxy.Backend(service=f"pouw-{slot}-rpc.{NAMESPACE}.svc.cluster.local", max_nodes=max_nodes)
    return {"haproxy.cfg": haproxy.configuration(backend), "503.http": haproxy.unavailable_page()}


def balancer_pod(args: BalancerArgs, files: dict[str, str]) -> Manifest:
    """Template of the balancer's pod; a changed configuration changes its hash and so rolls it."""
    container = {
        "name": "haproxy",
        "image": args.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["haproxy"],
        "args": ["-W", "-db", "-f", "/etc/haproxy/haproxy.cfg"],
        "ports": [{"name": key, "containerPort": port, "protocol": "TCP"} for key, port in _PORTS.items()],
        "resources": workload.amounts(args.settings.resources),
        "securityContext": workload.container_security(),
        "readinessProbe": workload.http_probe("/balancer/health", period=2, failures=2),
        "livenessProbe": workload.http_probe("/balancer/health", period=10, failures=3),
        "volumeMounts": [{"name": "configuration", "mountPath": "/etc/haproxy", "readOnly": True}],
    }
    content = "".join(f"{name}\n{text}\n" for name, text in sorted(files.items()))
    return {
        "metadata": {
            "labels": labels("balancer", site=args.site),
            "annotations": {"pouw.dev/configuration-hash": workload.digest(content)},
        },
        "spec": {
            "serviceAccountName": NAME,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": workload.GRACE_SECONDS,
            "securityContext": workload.pod_security(),
            "affinity": workload.spread("balancer", slot=None, required=args.insist_on_spread),
            "topologySpreadConstraints": workload.zone_spread("balancer", slot=None),
            **workload.placement("rpc", args.machines),
            "containers": [container],
            "volumes": [{"name": "configuration", "configMap": {"name": NAME}}],
        },
    }


def client_service(exposure: Exposure, entry: Entry | None = None) -> Manifest:
    """Spec of the service that clients use, or through which the cloud's own balancer comes (``entry``)."""
    kind = entry.type if entry else exposure.type
    node_ports = {"rpc": exposure.rpc_node_port, "ws": exposure.ws_node_port, "metrics": exposure.metrics_node_port}
    if entry:
        node_ports = {"rpc": RPC_NODE_PORT, "ws": WS_NODE_PORT, "metrics": None}
    ports = []
    for key, port in _PORTS.items():
        number: Manifest = {"name": key, "port": port, "targetPort": key, "protocol": "TCP"}
        if kind == "NodePort" and node_ports[key] is not None:
            number["nodePort"] = node_ports[key]
        ports.append(number)
    spec: Manifest = {"type": kind, "selector": selector("balancer"), "ports": ports}
    # An entry with an address is inside of a cloud's network, whose edge asks who may connect.
    if kind == "LoadBalancer" and exposure.allow_from and not (entry and entry.address):
        spec["loadBalancerSourceRanges"] = list(exposure.allow_from)
    if entry and entry.address:
        spec["loadBalancerIP"] = entry.address
    return spec
