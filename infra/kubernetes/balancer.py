"""The load balancer of a site: HAProxy in front of the ready nodes of every slot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apps.v1.Deployment import Deployment
from pulumi_kubernetes.core.v1.ConfigMap import ConfigMap
from pulumi_kubernetes.core.v1.Service import Service
from pulumi_kubernetes.core.v1.ServiceAccount import ServiceAccount
from pulumi_kubernetes.policy.v1.PodDisruptionBudget import PodDisruptionBudget

from infra import flows, haproxy, slots, workload
from infra.component import Component
from infra.contracts import RPC_NODE_PORT, WS_NODE_PORT, Entry
from infra.flows import DNS, Flow
from infra.kubernetes.namespace import WorkloadContext
from infra.naming import NAMESPACE, labels, selector
from infra.settings.stack import Balancer as BalancerSettings
from infra.settings.stack import Exposure
from infra.slots import Slot
from infra.workload import Manifest, Workload

NAME = "pouw-balancer"
_PORTS = {"rpc": workload.RPC_PORT, "ws": workload.WS_PORT, "metrics": haproxy.METRICS_PORT}


def declaration(settings: BalancerSettings, client_ranges: Sequence[str]) -> Workload:
    """Return the balancer's containers and flows; without ``client_ranges`` any client may connect."""
    return Workload(
        component="balancer",
        containers={"haproxy": settings.resources},
        ingress=(Flow(peers=flows.ranges(client_ranges) if client_ranges else None, ports=tuple(_PORTS)),),
        egress=(Flow(peers=flows.pods("node"), ports=(workload.RPC_PORT, workload.WS_PORT)), DNS),
    )


@dataclass(frozen=True, kw_only=True)
class BalancerArgs:
    """A balancer over the slots of a site."""

    context: WorkloadContext
    slots: Sequence[Slot]
    image: pulumi.Input[str]
    settings: BalancerSettings
    entry: Entry | None = None
    """The entry by which the cloud's edge reaches the balancer; ``None``: clients reach it as the settings say."""


class Balancer(Component, token="pouw:kubernetes:Balancer"):
    """HAProxy over all slots, on the ``rpc`` node pool. Output: ``service``, the name of the client service."""

    service: pulumi.Output[str]

    def __init__(self, name: str, args: BalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        metadata = args.context.metadata(NAME, "balancer")
        files = configuration_files(args.slots, args.settings.max_nodes)
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
        entry_annotations = args.entry.annotations if args.entry else {}
        service = Service(
            f"{name}-service",
            metadata={**metadata, "annotations": {**slot_annotations(args.slots), **entry_annotations}},
            spec=client_service(args.settings.exposure, args.entry),
            opts=self.child(depends_on=[deployment]),
        )
        self.publish(service=service.metadata["name"])


def slot_annotations(deployed: Sequence[Slot]) -> dict[str, str]:
    """Return the annotations from which a reader of the cluster learns the active slot and the weights."""
    return {
        "pouw.dev/active-slot": slots.active(deployed).name,
        "pouw.dev/slot-weights": ",".join(f"{slot.name}={slot.weight}" for slot in deployed),
    }


def configuration_files(deployed: Sequence[Slot], max_nodes: int) -> dict[str, str]:
    """Return the files of the balancer's ConfigMap."""
    backends = [
        haproxy.Backend(
            slot=slot.name,
            active=slot.active,
            weight=slot.weight,
            service=f"{slot.rpc_service}.{NAMESPACE}.svc.cluster.local",
            max_nodes=max_nodes,
        )
        for slot in deployed
    ]
    return {"haproxy.cfg": haproxy.configuration(backends), "503.http": haproxy.unavailable_page()}


def balancer_pod(args: BalancerArgs, files: dict[str, str]) -> Manifest:
    """Return the template of the balancer's pod. A changed configuration changes its hash and so rolls the pods."""
    container = {
        "name": "haproxy",
        "image": args.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["haproxy"],
        "args": ["-W", "-db", "-f", "/etc/haproxy/haproxy.cfg"],
        "ports": [{"name": key, "containerPort": port, "protocol": "TCP"} for key, port in _PORTS.items()],
        "resources": declaration(args.settings, ()).amounts("haproxy"),
        "securityContext": workload.container_security(),
        "readinessProbe": workload.http_probe("/balancer/health", period=2, failures=2),
        "livenessProbe": workload.http_probe("/balancer/health", period=10, failures=3),
        "volumeMounts": [{"name": "configuration", "mountPath": "/etc/haproxy", "readOnly": True}],
    }
    content = "".join(f"{name}\n{text}\n" for name, text in sorted(files.items()))
    return {
        "metadata": {
            "labels": labels("balancer", site=args.context.site),
            "annotations": {"pouw.dev/configuration-hash": workload.digest(content)},
        },
        "spec": workload.pod_spec(
            service_account=NAME,
            scheduling=args.context.scheduling("balancer", pool="rpc"),
            containers=[container],
            volumes=[{"name": "configuration", "configMap": {"name": NAME}}],
        ),
    }


def client_service(exposure: Exposure, entry: Entry | None = None) -> Manifest:
    """Return the spec of the service that clients use, or the cloud's edge where there is an ``entry``."""
    service_type = entry.type if entry else exposure.type
    node_ports = {"rpc": exposure.rpc_node_port, "ws": exposure.ws_node_port, "metrics": exposure.metrics_node_port}
    if entry:
        node_ports = {"rpc": RPC_NODE_PORT, "ws": WS_NODE_PORT, "metrics": None}
    ports = []
    for key, port in _PORTS.items():
        service_port: Manifest = {"name": key, "port": port, "targetPort": key, "protocol": "TCP"}
        if service_type == "NodePort" and node_ports[key] is not None:
            service_port["nodePort"] = node_ports[key]
        ports.append(service_port)
    spec: Manifest = {"type": service_type, "selector": selector("balancer"), "ports": ports}
    # An entry with an address is inside the cloud's network, whose edge decides which clients may connect.
    if service_type == "LoadBalancer" and exposure.allow_from and not (entry and entry.address):
        spec["loadBalancerSourceRanges"] = list(exposure.allow_from)
    if entry and entry.address:
        spec["loadBalancerIP"] = entry.address
    return spec
