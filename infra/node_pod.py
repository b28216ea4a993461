"""The pod of a node as a manifest: a pure function of the slot and the settings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.flows import DNS, MONITORING, Flow, pods
from infra.naming import labels
from infra.settings.stack import Chain, Nodes
from infra.slots import NodeSet, Slot
from infra.workload import (
    P2P_PORT,
    RPC_PORT,
    WS_PORT,
    Manifest,
    Workload,
    container_security,
    digest,
    http_probe,
    pod_spec,
)

CONFIG_DIR = "/etc/pouw"
DATA_DIR = "/data"


def declaration(nodes: Nodes) -> Workload:
    """Return the containers, volumes and flows of a node's pod."""
    return Workload(
        component="node",
        containers={"node": nodes.resources},
        volumes={"data": nodes.storage.size},
        ingress=(
            Flow(peers=pods("node"), ports=(P2P_PORT,)),
            Flow(peers=pods("balancer"), ports=(RPC_PORT, WS_PORT)),
            Flow(peers=MONITORING, ports=(RPC_PORT,)),
        ),
        egress=(Flow(peers=pods("node"), ports=(P2P_PORT,)), DNS),
    )


@dataclass(frozen=True, kw_only=True)
class NodePod:
    """The inputs of the pod of one node set; all plain but the image."""

    site: str
    slot: Slot
    node_set: NodeSet
    nodes: Nodes
    chain: Chain
    image: Any
    """Reference of the image; unknown until the image is built, so only passed on."""
    bootnodes: Sequence[str]
    scheduling: Manifest = field(default_factory=dict)
    """Affinity, spread and placement of the pod."""


def network_file(chain: Chain) -> str:
    """Return the genesis file, which has the same bytes on every node. The node's documentation has its schema."""
    return json.dumps(
        {
            "schema": 1,
            "network_id": chain.network_id,
            "genesis_time_s": chain.genesis_time_s,
            "block_time_s": chain.block_time_s,
        },
        sort_keys=True,
        separators=(",", ":"),
    )


def node_environment(pod: NodePod) -> list[Manifest]:
    """Return the environment of a node's container; ``POUW_NODE_NAME`` is first because later values refer to it."""
    values = {
        "POUW_ROLE": pod.node_set.role,
        "POUW_NETWORK_ID": str(pod.chain.network_id),
        "POUW_NETWORK_FILE": f"{CONFIG_DIR}/network/network.json",
        "POUW_DATA_DIR": DATA_DIR,
        "POUW_BOOTNODES": ",".join(pod.bootnodes),
        "POUW_ADVERTISE": f"$(POUW_NODE_NAME).{pod.slot.peers_service}:{P2P_PORT}",
        "POUW_NODE_KEY_FILE": f"{CONFIG_DIR}/node.key",
        "POUW_ADMIN_TOKEN_FILE": f"{CONFIG_DIR}/admin.token",
        "POUW_SITE": pod.site,
        "POUW_SLOT": pod.slot.name,
    }
    name = {"name": "POUW_NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    return [name, *({"name": key, "value": value} for key, value in values.items())]


def node_container(pod: NodePod) -> Manifest:
    """Return the node's container. Of the keys' Secret it mounts its own key and the token, not the keys of others."""
    ports = (("rpc", RPC_PORT), ("ws", WS_PORT), ("p2p", P2P_PORT))
    return {
        "name": "node",
        "image": pod.image,
        "imagePullPolicy": "IfNotPresent",
        "args": ["run"],
        "env": node_environment(pod),
        "ports": [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in ports],
        "resources": declaration(pod.nodes).amounts("node"),
        "securityContext": container_security(),
        # A node may replay a long chain before it serves: the start-up probe gives it five minutes.
        "startupProbe": http_probe("/health", period=2, failures=150),
        "livenessProbe": http_probe("/health", period=10, failures=3),
        "readinessProbe": http_probe("/ready", period=3, failures=2),
        "volumeMounts": [
            {"name": "data", "mountPath": DATA_DIR},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - the container's own scratch volume
            {"name": "network", "mountPath": f"{CONFIG_DIR}/network", "readOnly": True},
            {
                "name": "keys",
                "mountPath": f"{CONFIG_DIR}/node.key",
                "subPathExpr": "$(POUW_NODE_NAME)",
                "readOnly": True,
            },
            {"name": "keys", "mountPath": f"{CONFIG_DIR}/admin.token", "subPath": "admin.token", "readOnly": True},
        ],
    }


def node_pod(pod: NodePod, *, network_config: str, keys_secret: str, service_account: str) -> Manifest:
    """Return the template of a node's pod."""
    return {
        "metadata": {
            "labels": labels("node", site=pod.site, slot=pod.slot.name, role=pod.node_set.role),
            "annotations": {"pouw.dev/network-hash": digest(network_file(pod.chain))},
        },
        "spec": pod_spec(
            service_account=service_account,
            scheduling=pod.scheduling,
            containers=[node_container(pod)],
            volumes=[
                {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
                {"name": "network", "configMap": {"name": network_config}},
                {"name": "keys", "secret": {"secretName": keys_secret, "defaultMode": 0o440}},
            ],
        ),
    }


def volume_claims(nodes: Nodes) -> list[Manifest]:
    """Return the claims of a node's pod."""
    return [_claim(name, size, nodes.storage.class_name) for name, size in declaration(nodes).volumes.items()]


def _claim(name: str, size: str, class_name: str | None) -> Manifest:
    spec: Manifest = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    if class_name:
        spec["storageClassName"] = class_name
    return {"metadata": {"name": name}, "spec": spec}
