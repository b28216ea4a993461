"""The autoscaler of machines, for a site whose cloud has none built in: it adds machines for pods that wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apps.v1.Deployment import Deployment
from pulumi_kubernetes.core.v1.ServiceAccount import ServiceAccount
from pulumi_kubernetes.policy.v1.PodDisruptionBudget import PodDisruptionBudget
from pulumi_kubernetes.rbac.v1.ClusterRole import ClusterRole
from pulumi_kubernetes.rbac.v1.ClusterRoleBinding import ClusterRoleBinding
from pulumi_kubernetes.rbac.v1.Role import Role
from pulumi_kubernetes.rbac.v1.RoleBinding import RoleBinding
from pulumi_kubernetes.scheduling.v1.PriorityClass import PriorityClass

from infra import flows, workload
from infra.component import Component
from infra.contracts import PodIdentity, Scaler
from infra.faults import Fault
from infra.flows import DNS, MONITORING, Flow
from infra.identities import AUTOSCALER, SERVICE_ACCOUNTS
from infra.kubernetes.namespace import WorkloadContext
from infra.naming import NAMESPACE, labels, selector
from infra.program_error import ProgramError
from infra.settings.stack import Amounts, Resources
from infra.workload import Manifest, Workload

NAME: Final = SERVICE_ACCOUNTS[AUTOSCALER]
RESOURCES: Final = Resources(requests=Amounts(cpu="100m", memory="600Mi"), limits=Amounts(cpu="500m", memory="1Gi"))
"""Requests and limits: the autoscaler holds every pod and machine of the cluster in memory."""
REPLICAS: Final = 2
PORT: Final = 8085
PRIORITY: Final = 1_000_000
"""Priority of its pods: above the workloads that wait for machines, below the cluster's own pods."""
_IMAGE: Final = "registry.k8s.io/autoscaling/cluster-autoscaler"
DIGESTS: Final[Mapping[int, str]] = {
    32: "v1.32.2@sha256:c627d8d159a8cd6705a2612afd8a9ffc499e2fc37bad3525364427439b9224c0",
    33: "v1.33.1@sha256:0d53371b73eae57dbed927a72b71d4fe756ce4dbfe528b4217a1078cb13445f0",
    35: "v1.35.2@sha256:aac369dc283927a623deb1af54696efcc722ae79255aa07788422e495bab887d",
}
"""Releases by the minor version of Kubernetes that each belongs to."""
_TOKEN_DIR: Final = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - the path that clients read
_READ: Final = ("get", "list", "watch")
CLUSTER_RULES: Final[tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]] = (
    ("", ("namespaces", "persistentvolumeclaims", "persistentvolumes", "pods"), _READ),
    ("", ("replicationcontrollers", "services"), _READ),
    # It taints machines before it removes them.
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
"""API group, resources and verbs: the state that it reads, and the changes that it makes."""


def declaration(identity: PodIdentity) -> Workload:
    """Return the autoscaler's container and flows: to the API server, the cloud's services and its credentials."""
    return Workload(
        component="autoscaler",
        containers={"autoscaler": RESOURCES},
        ingress=(Flow(peers=MONITORING, ports=(PORT,)),),
        egress=(
            DNS,
            Flow(peers=flows.ranges([flows.ANYWHERE]), ports=(443,)),
            Flow(peers=flows.ranges([identity.cidr]), ports=(identity.port,)),
        ),
    )


@dataclass(frozen=True, kw_only=True)
class NodeAutoscalerArgs:
    """The autoscaler of the machines of one site."""

    context: WorkloadContext
    image: str
    scaler: Scaler
    identity: PodIdentity
    annotations: pulumi.Input[Mapping[str, str]]
    """Annotations of its service account."""


class NodeAutoscaler(Component, token="pouw:kubernetes:NodeAutoscaler", former_tokens=("pouw:kubernetes:Autoscaler",)):
    """Two pods on the ``system`` node pool, one of which leads. Output: ``deployment``, its name."""

    deployment: pulumi.Output[str]

    def __init__(self, name: str, args: NodeAutoscalerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        metadata = args.context.metadata(NAME, "autoscaler")
        account = ServiceAccount(
            f"{name}-account",
            metadata={**metadata, "annotations": args.annotations},
            automount_service_account_token=False,
            opts=self.child(),
        )
        bindings = self._bind_roles(name, metadata)
        priority = PriorityClass(
            f"{name}-priority",
            metadata={"name": NAME, "labels": metadata["labels"]},
            value=PRIORITY,
            description="Adds machines for pods that wait",
            opts=self.child(),
        )
        budget = PodDisruptionBudget(
            f"{name}-budget",
            metadata=metadata,
            spec={"max_unavailable": 1, "selector": {"match_labels": selector("autoscaler")}},
            opts=self.child(),
        )
        deployment = Deployment(
            f"{name}-deployment",
            metadata=metadata,
            spec={
                "replicas": REPLICAS,
                "selector": {"matchLabels": selector("autoscaler")},
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
                "template": pod(args),
            },
            opts=self.child(depends_on=[account, *bindings, priority, budget]),
        )
        self.publish(deployment=deployment.metadata["name"])

    def _bind_roles(self, name: str, metadata: Manifest) -> list[pulumi.Resource]:
        """Bind its roles: in the whole cluster to read its state and evict pods, in its namespace to hold the lease."""
        group = "rbac.authorization.k8s.io"
        subjects = [{"kind": "ServiceAccount", "name": NAME, "namespace": metadata["namespace"]}]
        cluster_metadata = {key: value for key, value in metadata.items() if key != "namespace"}
        cluster_rules = [
            {"api_groups": [api_group], "resources": list(resources), "verbs": list(verbs)}
            for api_group, resources, verbs in CLUSTER_RULES
        ]
        lease = {"api_groups": ["coordination.k8s.io"], "resources": ["leases"]}
        lease_rules = [
            # RBAC cannot restrict the creation of an object to a name.
            {**lease, "verbs": ["create"]},
            {**lease, "resource_names": [NAME], "verbs": ["get", "update"]},
        ]
        cluster_role = ClusterRole(
            f"{name}-cluster-role", metadata=cluster_metadata, rules=cluster_rules, opts=self.child()
        )
        role = Role(f"{name}-role", metadata=metadata, rules=lease_rules, opts=self.child())
        return [
            ClusterRoleBinding(
                f"{name}-cluster-binding",
                metadata=cluster_metadata,
                role_ref={"api_group": group, "kind": "ClusterRole", "name": NAME},
                subjects=subjects,
                opts=self.child(depends_on=[cluster_role]),
            ),
            RoleBinding(
                f"{name}-binding",
                metadata=metadata,
                role_ref={"api_group": group, "kind": "Role", "name": NAME},
                subjects=subjects,
                opts=self.child(depends_on=[role]),
            ),
        ]


def image(configured: str | None, version: str) -> str:
    """Return the image for a cluster of a minor ``version``: the configured one, or the newest suitable release.

    The autoscaler decides with the cluster's own scheduler inside, which must not be newer than the API server.

    Raises:
        ProgramError: the cluster is older than every known release.
    """
    if configured is not None:
        return configured
    minor = int(version.partition(".")[2])
    suitable = [release for release in DIGESTS if release <= minor]
    if not suitable:
        fault = Fault(
            path="pouw:images.autoscaler",
            message=f"has no default for Kubernetes {version}",
            got="no image",
            expected=f"Kubernetes 1.{min(DIGESTS)} or newer, or an image",
            reason="no known release of the autoscaler is old enough",
            remedy="set the image of that version",
        )
        raise ProgramError([fault])
    return f"{_IMAGE}:{DIGESTS[max(suitable)]}"


def pod(args: NodeAutoscalerArgs) -> Manifest:
    """Return the template of its pod. The token of the API is a projected volume and expires after an hour."""
    environment = [{"name": key, "value": value} for key, value in sorted(args.scaler.environment.items())]
    container: dict[str, Any] = {
        "name": "autoscaler",
        "image": args.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/cluster-autoscaler"],
        "args": [*args.scaler.arguments, *behaviour()],
        "env": environment,
        "ports": [{"name": "metrics", "containerPort": PORT, "protocol": "TCP"}],
        "resources": declaration(args.identity).amounts("autoscaler"),
        "securityContext": workload.container_security(),
        "readinessProbe": workload.http_probe("/health-check", period=10, failures=3, port="metrics"),
        "livenessProbe": workload.http_probe("/health-check", period=30, failures=3, port="metrics"),
        "volumeMounts": [{"name": "token", "mountPath": _TOKEN_DIR, "readOnly": True}],
    }
    return {
        "metadata": {"labels": {**labels("autoscaler", site=args.context.site), **args.identity.labels}},
        "spec": workload.pod_spec(
            service_account=NAME,
            priorityClassName=NAME,
            scheduling=args.context.scheduling("autoscaler", pool="system"),
            containers=[container],
            volumes=[{"name": "token", "projected": {"defaultMode": 0o440, "sources": token_sources()}}],
        ),
    }


def token_sources() -> list[Manifest]:
    """Return the sources of the volume that clients inside a cluster read: token, certificate authority, namespace."""
    namespace = {"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}
    return [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [namespace]}},
    ]


def behaviour() -> list[str]:
    """Return the arguments that are the same on every cloud."""
    return [
        f"--namespace={NAMESPACE}",
        "--leader-elect=true",
        f"--leader-elect-resource-name={NAME}",
        f"--address=:{PORT}",
        # The status needs the right to write a ConfigMap; metrics and events report the same.
        "--write-status-configmap=false",
        "--balance-similar-node-groups=true",
        "--expander=least-waste",
        # Our pods have scratch volumes, whose contents may be lost.
        "--skip-nodes-with-local-storage=false",
    ]
