"""The autoscaler of a site whose cloud has none built in: machines for pods that wait, none for nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apps.v1.Deployment import Deployment
from pulumi_kubernetes.core.v1.ServiceAccount import ServiceAccount
from pulumi_kubernetes.networking.v1.NetworkPolicy import NetworkPolicy
from pulumi_kubernetes.policy.v1.PodDisruptionBudget import PodDisruptionBudget
from pulumi_kubernetes.rbac.v1.ClusterRole import ClusterRole
from pulumi_kubernetes.rbac.v1.ClusterRoleBinding import ClusterRoleBinding
from pulumi_kubernetes.rbac.v1.Role import Role
from pulumi_kubernetes.rbac.v1.RoleBinding import RoleBinding
from pulumi_kubernetes.scheduling.v1.PriorityClass import PriorityClass

from infra import workload
from infra.component import Component
from infra.contracts import PodIdentity, Scaler
from infra.faults import Fault
from infra.naming import NAMESPACE, labels, selector
from infra.program_error import ProgramError
from infra.settings.stack import Amounts, Resources
from infra.workload import Manifest, Tolerations

NAME: Final = "pouw-autoscaler"
RESOURCES: Final = Resources(requests=Amounts(cpu="100m", memory="600Mi"), limits=Amounts(cpu="500m", memory="1Gi"))
"""It holds every pod and machine of the cluster in memory."""
REPLICAS: Final = 2
PORT: Final = 8085
PRIORITY: Final = 1_000_000
"""Above workloads, which it makes room for, and below the cluster's own."""
_IMAGE: Final = "registry.k8s.io/autoscaling/cluster-autoscaler"
DIGESTS: Final[Mapping[int, str]] = {
    32: "v1.32.2@sha256:c627d8d159a8cd6705a2612afd8a9ffc499e2fc37bad3525364427439b9224c0",
    33: "v1.33.1@sha256:0d53371b73eae57dbed927a72b71d4fe756ce4dbfe528b4217a1078cb13445f0",
    35: "v1.35.2@sha256:aac369dc283927a623deb1af54696efcc722ae79255aa07788422e495bab887d",
}
"""Releases by the minor version of Kubernetes that each was made with."""
_TOKEN_DIR: Final = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - where clients look for it
_READ: Final = ("get", "list", "watch")
CLUSTER_RULES: Final[tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]] = (
    ("", ("namespaces", "persistentvolumeclaims", "persistentvolumes", "pods"), _READ),
    ("", ("replicationcontrollers", "services"), _READ),
    # It taints machines that it takes away.
    ("", ("nodes",), (*_READ, "update")),
    ("", ("pods/eviction",), ("create",)),
    ("", ("events",), ("create", "patch")),
    ("apps", ("daemonsets", "replicasets", "statefulsets"), _READ),
    ("batch", ("jobs",), _READ),
    ("policy", ("poddisruptionbudgets",), _READ),
    ("resource.k8s.io", ("deviceclasses", "resourceclaims", "resourceslices"), _READ),
    ("storage.k8s.io", ("csidrivers", "csinodes", "csistoragecapacities"), _READ),
    ("storage.k8s.io", ("storageclasses", "volumeattachments"), _READ),
)
"""API group, resources and verbs: what it decides by, and what it does."""


@dataclass(frozen=True, kw_only=True)
class AutoscalerArgs:
    """The autoscaler of one site's cluster."""

    namespace: pulumi.Input[str]
    site: str
    image: str
    scaler: Scaler
    identity: PodIdentity
    annotations: pulumi.Input[Mapping[str, str]]
    """Of its service account."""
    insist_on_spread: bool
    machines: Tolerations | None = None
    """Of machines that carry pool labels: it then runs on the ``system`` pool."""


class Autoscaler(Component, token="pouw:kubernetes:Autoscaler"):
    """Two pods, one of which leads. Output: ``deployment``, its name."""

    deployment: pulumi.Output[str]

    def __init__(self, name: str, args: AutoscalerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        own = labels("autoscaler", site=args.site)
        metadata = {"name": NAME, "namespace": args.namespace, "labels": own}
        account = ServiceAccount(
            f"{name}-account",
            metadata={**metadata, "annotations": args.annotations},
            automount_service_account_token=False,
            opts=self.child(),
        )
        allowed = self._allow(name, metadata)
        priority = PriorityClass(
            f"{name}-priority",
            metadata={"name": NAME, "labels": own},
            value=PRIORITY,
            description="Makes room for what waits",
            opts=self.child(),
        )
        guards: list[pulumi.Resource] = [
            NetworkPolicy(f"{name}-policy", metadata=metadata, spec=network_policy(args.identity), opts=self.child()),
            PodDisruptionBudget(
                f"{name}-budget",
                metadata=metadata,
                spec={"max_unavailable": 1, "selector": {"match_labels": selector("autoscaler")}},
                opts=self.child(),
            ),
        ]
        deployment = Deployment(
            f"{name}-deployment",
            metadata=metadata,
            spec={
                "replicas": REPLICAS,
                "selector": {"matchLabels": selector("autoscaler")},
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
                "template": pod(args),
            },
            opts=self.child(depends_on=[account, *allowed, priority, *guards]),
        )
        self.publish(deployment=deployment.metadata["name"])

    def _allow(self, name: str, metadata: Manifest) -> list[pulumi.Resource]:
        """What it may do: in the whole cluster what it decides by, in its namespace its lease."""
        group = "rbac.authorization.k8s.io"
        subjects = [{"kind": "ServiceAccount", "name": NAME, "namespace": metadata["namespace"]}]
        everywhere = {key: value for key, value in metadata.items() if key != "namespace"}
        rules = [
            {"api_groups": [one], "resources": list(resources), "verbs": list(verbs)}
            for one, resources, verbs in CLUSTER_RULES
        ]
        lease = {"api_groups": ["coordination.k8s.io"], "resources": ["leases"]}
        leading = [
            # Whoever makes an object cannot be held to its name.
            {**lease, "verbs": ["create"]},
            {**lease, "resource_names": [NAME], "verbs": ["get", "update"]},
        ]
        roles = (
            ClusterRole(f"{name}-cluster-role", metadata=everywhere, rules=rules, opts=self.child()),
            Role(f"{name}-role", metadata=metadata, rules=leading, opts=self.child()),
        )
        return [
            ClusterRoleBinding(
                f"{name}-cluster-binding",
                metadata=everywhere,
                role_ref={"api_group": group, "kind": "ClusterRole", "name": NAME},
                subjects=subjects,
                opts=self.child(depends_on=[roles[0]]),
            ),
            RoleBinding(
                f"{name}-binding",
                metadata=metadata,
                role_ref={"api_group": group, "kind": "Role", "name": NAME},
                subjects=subjects,
                opts=self.child(depends_on=[roles[1]]),
            ),
        ]


def image(named: str | None, version: str) -> str:
    """The image for a cluster of a minor ``version``: the one that is named, else the newest that is no newer.

    It decides with the cluster's own scheduler inside, which must not be newer than the API server.

    Raises:
        ProgramError: the cluster is older than all that are known.
    """
    if named is not None:
        return named
    minor = int(version.partition(".")[2])
    fitting = [known for known in DIGESTS if known <= minor]
    if not fitting:
        fault = Fault(
            path="pouw:images.autoscaler",
            message=f"is not known for Kubernetes {version}",
            got="nothing",
            expected=f"Kubernetes 1.{min(DIGESTS)} or newer, or an image",
            remedy="name the image of that version",
        )
        raise ProgramError([fault])
    return f"{_IMAGE}:{DIGESTS[max(fitting)]}"


def network_policy(identity: PodIdentity) -> Manifest:
    """Out to the API server and the cloud's own services, and to where credentials are; in only for measurements."""
    monitoring = {"namespaceSelector": {"matchLabels": {"pouw.dev/monitoring": "true"}}}
    return {
        "podSelector": {"matchLabels": selector("autoscaler")},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [monitoring], "ports": [{"protocol": "TCP", "port": PORT}]}],
        "egress": [
            {"ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]},
            {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"protocol": "TCP", "port": 443}]},
            {"to": [{"ipBlock": {"cidr": identity.cidr}}], "ports": [{"protocol": "TCP", "port": identity.port}]},
        ],
    }


def pod(args: AutoscalerArgs) -> Manifest:
    """Template of its pod. The token of the API is mounted by name and for an hour at a time."""
    environment = [{"name": key, "value": value} for key, value in sorted(args.scaler.environment.items())]
    container: dict[str, Any] = {
        "name": "autoscaler",
        "image": args.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/cluster-autoscaler"],
        "args": [*args.scaler.arguments, *behaviour()],
        "env": environment,
        "ports": [{"name": "metrics", "containerPort": PORT, "protocol": "TCP"}],
        "resources": workload.amounts(RESOURCES),
        "securityContext": workload.container_security(),
        "readinessProbe": workload.http_probe("/health-check", period=10, failures=3, port="metrics"),
        "livenessProbe": workload.http_probe("/health-check", period=30, failures=3, port="metrics"),
        "volumeMounts": [{"name": "token", "mountPath": _TOKEN_DIR, "readOnly": True}],
    }
    return {
        "metadata": {"labels": {**labels("autoscaler", site=args.site), **args.identity.labels}},
        "spec": {
            "serviceAccountName": NAME,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "priorityClassName": NAME,
            "terminationGracePeriodSeconds": workload.GRACE_SECONDS,
            "securityContext": workload.pod_security(),
            "affinity": workload.spread("autoscaler", slot=None, required=args.insist_on_spread),
            "topologySpreadConstraints": workload.zone_spread("autoscaler", slot=None),
            **workload.placement("system", args.machines),
            "containers": [container],
            "volumes": [{"name": "token", "projected": {"defaultMode": 0o440, "sources": token_sources()}}],
        },
    }


def token_sources() -> list[Manifest]:
    """What a client inside the cluster looks for: its token, the cluster's authority, its namespace."""
    namespace = {"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}
    return [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [namespace]}},
    ]


def behaviour() -> list[str]:
    """How it works, the same wherever it does."""
    return [
        f"--namespace={NAMESPACE}",
        "--leader-elect=true",
        f"--leader-elect-resource-name={NAME}",
        f"--address=:{PORT}",
        # It would need to write a ConfigMap; metrics and events say the same.
        "--write-status-configmap=false",
        "--balance-similar-node-groups=true",
        "--expander=least-waste",
        # Pods of ours have scratch volumes, which hold nothing that is missed.
        "--skip-nodes-with-local-storage=false",
    ]
