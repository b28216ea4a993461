"""What runs in a cluster, decided without one: pools, bootnodes, pods, keys. Pure functions over settings.

Manifests are plain mappings in the words of the Kubernetes API, so they can be rendered, compared and tested bare.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.naming import POOL_LABEL, labels, selector
from infra.settings.stack import Chain, Nodes, Resources

Manifest = dict[str, Any]
Tolerations = Mapping[str, Sequence[Mapping[str, str]]]
"""By pool of machines, what its pods tolerate besides the pool's own taint."""

RPC_PORT = 8545
WS_PORT = 8546
P2P_PORT = 30303
USER_ID = 10001
CONFIG_DIR = "/etc/pouw"
DATA_DIR = "/data"
GRACE_SECONDS = 30
"""Grace period of a pod; a node drains within 20 s, so it is never killed in the middle."""
_BOOTNODES_PER_POOL = 2


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Nodes of one role in one slot: one StatefulSet, however many they are."""

    role: str
    replicas: int
    name: str

    def pods(self) -> list[str]:
        """Names of its pods; a node's name is its pod's."""
        return [f"{self.name}-{ordinal}" for ordinal in range(self.replicas)]


def pools(nodes: Nodes, slot: str) -> list[Pool]:
    """The pools of a slot; a role nobody asked for has none."""
    wanted = (("miner", nodes.miners), ("verifier", nodes.verifiers))
    return [Pool(role=role, replicas=count, name=f"pouw-{slot}-{role}") for role, count in wanted if count]


def bootnodes(slot_pools: list[Pool], peers_service: str) -> list[str]:
    """Addresses that a new node asks first: some of every pool, so one lost pod never isolates a newcomer."""
    return [f"{pod}.{peers_service}:{P2P_PORT}" for pool in slot_pools for pod in pool.pods()[:_BOOTNODES_PER_POOL]]


def network_file(chain: Chain) -> str:
    """The genesis file: the same bytes on every node. Its schema is documented with the node."""
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


def node_key(seed: str, *, site: str, pod: str) -> str:
    """A node's Ed25519 seed (64 hex characters), derived so that scaling never changes the keys of others."""
    return _derive(seed, f"node-key/{site}/{pod}")


def admin_token(seed: str, *, site: str) -> str:
    """Bearer token of a site's write methods (64 hex characters)."""
    return _derive(seed, f"admin-token/{site}")


def _derive(seed: str, purpose: str) -> str:
    # HMAC as the key-derivation function of RFC 5869's expand step, one block: the seed is already uniform.
    return hmac.new(seed.encode(), f"pouw/v1/{purpose}".encode(), hashlib.sha256).hexdigest()


def digest(text: str) -> str:
    """Short content hash, such as for annotations that roll pods when what they read has changed."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def amounts(resources: Resources) -> Manifest:
    """Requests and limits of a container."""
    return {"requests": resources.requests.model_dump(), "limits": resources.limits.model_dump()}


def pod_security() -> Manifest:
    """Pod-level security that the restricted Pod Security Standard asks for."""
    return {
        "runAsNonRoot": True,
        "runAsUser": USER_ID,
        "runAsGroup": USER_ID,
        "fsGroup": USER_ID,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def container_security() -> Manifest:
    """Container-level security: no privilege to gain, nothing to write but mounted volumes."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def http_probe(path: str, *, period: int, failures: int, port: str = "rpc") -> Manifest:
    """A probe over HTTP; ``period`` in seconds."""
    return {
        "httpGet": {"path": path, "port": port},
        "periodSeconds": period,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }


def placement(pool: str, machines: Tolerations | None) -> Manifest:
    """Where pods of a pool go on machines that carry pool labels; ``None``: there are none, and pods go on any."""
    if machines is None:
        return {}
    own = {"key": POOL_LABEL, "operator": "Equal", "value": pool, "effect": "NoSchedule"}
    return {"nodeSelector": {POOL_LABEL: pool}, "tolerations": [own, *(dict(one) for one in machines.get(pool, ()))]}


def zone_spread(component: str, *, slot: str | None) -> list[Manifest]:
    """Keep pods of one kind in as many zones as there are."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": selector(component, slot=slot)},
        }
    ]


def spread(component: str, *, slot: str | None, required: bool) -> Manifest:
    """Keep pods of one kind apart: by host where there are enough hosts to insist, else as a wish."""
    term = {"labelSelector": {"matchLabels": selector(component, slot=slot)}, "topologyKey": "kubernetes.io/hostname"}
    if required:
        return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    wish = {"weight": 100, "podAffinityTerm": term}
    return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [wish]}}


@dataclass(frozen=True, kw_only=True)
class NodePod:
    """What the pod of a node is made from; all plain but the image."""

    site: str
    slot: str
    pool: Pool
    nodes: Nodes
    chain: Chain
    image: Any
    """Its reference; unknown until it is built, so only passed on."""
    bootnodes: list[str]
    peers_service: str
    insist_on_spread: bool
    placement: Manifest = field(default_factory=dict)
    """Machines that it is bound to, as of :func:`placement`."""


def node_environment(pod: NodePod) -> list[Manifest]:
    """Environment of a node's container; ``POUW_NODE_NAME`` comes first because later values refer to it."""
    plain = {
        "POUW_ROLE": pod.pool.role,
        "POUW_NETWORK_ID": str(pod.chain.network_id),
        "POUW_NETWORK_FILE": f"{CONFIG_DIR}/network/network.json",
        "POUW_DATA_DIR": DATA_DIR,
        "POUW_BOOTNODES": ",".join(pod.bootnodes),
        "POUW_ADVERTISE": f"$(POUW_NODE_NAME).{pod.peers_service}:{P2P_PORT}",
        "POUW_NODE_KEY_FILE": f"{CONFIG_DIR}/node.key",
        "POUW_ADMIN_TOKEN_FILE": f"{CONFIG_DIR}/admin.token",
        "POUW_SITE": pod.site,
        "POUW_SLOT": pod.slot,
    }
    name = {"name": "POUW_NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    return [name, *({"name": key, "value": value} for key, value in plain.items())]


def node_container(pod: NodePod) -> Manifest:
    """The node's container. Of the keys' Secret a pod sees its own key and the token, not the keys of others."""
    ports = (("rpc", RPC_PORT), ("ws", WS_PORT), ("p2p", P2P_PORT))
    return {
        "name": "node",
        "image": pod.image,
        "imagePullPolicy": "IfNotPresent",
        "args": ["run"],
        "env": node_environment(pod),
        "ports": [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in ports],
        "resources": amounts(pod.nodes.resources),
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
    """Template of a node's pod."""
    return {
        "metadata": {
            "labels": labels("node", site=pod.site, slot=pod.slot, role=pod.pool.role),
            "annotations": {"pouw.dev/network-hash": digest(network_file(pod.chain))},
        },
        "spec": {
            "serviceAccountName": service_account,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": GRACE_SECONDS,
            "securityContext": pod_security(),
            "affinity": spread("node", slot=pod.slot, required=pod.insist_on_spread),
            "topologySpreadConstraints": zone_spread("node", slot=pod.slot),
            **pod.placement,
            "containers": [node_container(pod)],
            "volumes": [
                {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
                {"name": "network", "configMap": {"name": network_config}},
                {"name": "keys", "secret": {"secretName": keys_secret, "defaultMode": 0o440}},
            ],
        },
    }


def volume_claim(nodes: Nodes) -> Manifest:
    """The claim for a node's chain."""
    spec: Manifest = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": nodes.storage.size}},
    }
    if nodes.storage.class_name:
        spec["storageClassName"] = nodes.storage.class_name
    return {"metadata": {"name": "data"}, "spec": spec}
