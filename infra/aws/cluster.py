"""The site's managed Kubernetes (EKS)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pulumi
from pulumi_aws.cloudwatch.metric_alarm import MetricAlarm
from pulumi_aws.eks.access_entry import AccessEntry
from pulumi_aws.eks.access_policy_association import AccessPolicyAssociation
from pulumi_aws.eks.addon import Addon
from pulumi_aws.eks.cluster import Cluster as EksCluster
from pulumi_aws.iam.role_policy_attachment import RolePolicyAttachment

from infra.aws import access_policies, addons, physical_names
from infra.aws.alarms import Alarms
from infra.aws.audit_logs import AuditLogs
from infra.aws.keys import Keys
from infra.aws.network import Network
from infra.aws.roles import role, workload_role
from infra.aws.settings import Addon as AddonName
from infra.aws.settings import AwsCluster, AwsSite
from infra.component import Component
from infra.contracts import SiteContext
from infra.naming import OBSERVERS
from infra.workload import digest

LOG_TYPES: Final = ("api", "audit", "authenticator", "controllerManager", "scheduler")
MANAGED: Final = "arn:aws:iam::aws:policy"
ADMINISTRATION: Final = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
_STORE_ALARM_BYTES: Final = 6 * 2**30
"""Size of the control plane's store that raises an alarm. The store becomes read-only at 8 GiB."""


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """The cluster of one site."""

    context: SiteContext[AwsSite]
    keys: Keys
    audit_logs: AuditLogs
    alarms: Alarms
    network: Network


class Cluster(Component, token="pouw:aws:Cluster"):
    """Outputs: ``cluster`` (its name), ``kubeconfig``, ``issuer`` of workload tokens, ``security_group`` of the control
    plane and all machines.

    EKS installs nothing in the cluster on its own. The add-ons for networking and for pod identities come before the
    machines. Those for DNS and disks come with the node pools, because their pods need a machine.
    """

    cluster: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]
    identity: pulumi.Output[str]
    issuer: pulumi.Output[str]
    security_group: pulumi.Output[str]

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name, self._args = name, args
        context = args.context
        cluster = self._control_plane()
        self._networking(cluster)
        self._observers(cluster)
        self._alarm()
        # The kubeconfig waits for the administrators' permissions, which the deployment of workloads needs.
        connection = pulumi.Output.all(
            cluster.name, cluster.endpoint, cluster.certificate_authority.data, *self._administrators(cluster)
        )
        kubeconfig = connection.apply(
            lambda values: json.dumps(client_configuration(*values[:3], region=context.region))
        )
        self.publish(
            cluster=cluster.name,
            kubeconfig=pulumi.Output.secret(kubeconfig),
            identity=cluster.certificate_authority.data.apply(digest),
            issuer=cluster.identities[0].oidcs[0].issuer,
            security_group=cluster.vpc_config.cluster_security_group_id,
        )

    def _control_plane(self) -> EksCluster:
        args, name = self._args, self._name
        context = args.context
        control_plane = role(
            self,
            f"{name}-role",
            context,
            args.keys,
            part="cluster",
            description="Control plane of the cluster",
            trust=access_policies.trust_service("eks.amazonaws.com"),
        )
        permission = RolePolicyAttachment(
            f"{name}-policy", role=control_plane.name, policy_arn=f"{MANAGED}/AmazonEKSClusterPolicy", opts=self.child()
        )
        return EksCluster(
            f"{name}-cluster",
            name=physical_names.cluster_name(context),
            version=context.site.cluster.version,
            role_arn=control_plane.arn,
            vpc_config={"subnet_ids": args.network.node_subnets, **reachability(context.site.cluster)},
            kubernetes_network_config={"ip_family": "ipv4", "service_ipv4_cidr": context.site.network.services},
            # Otherwise the creator of the cluster would remain an administrator that no access entry shows.
            access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
            encryption_config={"provider": {"key_arn": args.keys.key}, "resources": ["secrets"]},
            enabled_cluster_log_types=list(LOG_TYPES),
            bootstrap_self_managed_addons=False,
            upgrade_policy={"support_type": "STANDARD"},
            zonal_shift_config={"enabled": True},
            deletion_protection=context.protect,
            tags=context.tags,
            opts=self.child(
                protect=context.protect,
                depends_on=[permission, args.audit_logs],
                # AWS reads the flag only on creation; a change would replace the cluster without effect.
                ignore=["accessConfig.bootstrapClusterCreatorAdminPermissions"],
            ),
        )

    def _networking(self, cluster: EksCluster) -> None:
        context, name = self._args.context, self._name
        network_role = workload_role(self, f"{name}-network", context, self._args.keys, ("kube-system", "aws-node"))
        permission = RolePolicyAttachment(
            f"{name}-network-policy",
            role=network_role.name,
            policy_arn=f"{MANAGED}/AmazonEKS_CNI_Policy",
            opts=self.child(),
        )
        add = partial(addon, self, name, cluster.name, context)
        add("kube-proxy")
        agent = add("eks-pod-identity-agent")
        add(
            "vpc-cni",
            depends_on=[permission, agent],
            configuration_values=json.dumps({"enableNetworkPolicy": "true"}),
            pod_identity_associations=[{"role_arn": network_role.arn, "service_account": "aws-node"}],
        )

    def _administrators(self, cluster: EksCluster) -> list[pulumi.Output[str]]:
        """Declare the administrators of the settings; each output is known once its permission is in force."""
        context, associations = self._args.context, []
        for principal in context.site.cluster.administrators:
            part = f"{self._name}-administrator-{principal.rpartition(':')[2].replace('/', '-')}"
            entry = AccessEntry(
                part,
                cluster_name=cluster.name,
                principal_arn=principal,
                type="STANDARD",
                tags=context.tags,
                opts=self.child(),
            )
            association = AccessPolicyAssociation(
                f"{part}-association",
                cluster_name=cluster.name,
                principal_arn=entry.principal_arn,
                policy_arn=ADMINISTRATION,
                access_scope={"type": "cluster"},
                opts=self.child(),
            )
            associations.append(association.associated_at)
        return associations

    def _observers(self, cluster: EksCluster) -> None:
        """Declare a role that may read the workloads, by a binding inside the cluster."""
        context = self._args.context
        observer = role(
            self,
            f"{self._name}-observer",
            context,
            self._args.keys,
            part="observer",
            description="Read access to the workloads of the cluster",
            trust=access_policies.trust_account(physical_names.account(context)),
        )
        AccessEntry(
            f"{self._name}-observers",
            cluster_name=cluster.name,
            principal_arn=observer.arn,
            kubernetes_groups=[OBSERVERS],
            type="STANDARD",
            tags=context.tags,
            opts=self.child(),
        )

    def _alarm(self) -> None:
        context = self._args.context
        MetricAlarm(
            f"{self._name}-store-alarm",
            name=physical_names.compose_name("alarm", context, "store"),
            alarm_description=(
                f"The control plane of {physical_names.cluster_name(context)} stores more than 6 GiB and refuses "
                "writes at 8 GiB. Find the kind with the most objects and delete those that are not needed."
            ),
            namespace="AWS/EKS",
            metric_name="apiserver_storage_size_bytes",
            dimensions={"ClusterName": physical_names.cluster_name(context)},
            statistic="Maximum",
            period=300,
            evaluation_periods=3,
            comparison_operator="GreaterThanThreshold",
            threshold=_STORE_ALARM_BYTES,
            treat_missing_data="missing",
            alarm_actions=[self._args.alarms.channel],
            tags=context.tags,
            opts=self.child(),
        )


def addon(
    parent: Component,
    name: str,
    cluster: pulumi.Input[str],
    context: SiteContext[AwsSite],
    kind: AddonName,
    *,
    depends_on: list[pulumi.Resource] | None = None,
    **settings: Any,
) -> Addon:
    """Declare an add-on in the version reviewed for the cluster's version; manual changes to it are overwritten."""
    return Addon(
        f"{name}-{kind}",
        cluster_name=cluster,
        addon_name=kind,
        addon_version=addons.version(context.site.cluster, kind),
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        tags=context.tags,
        opts=parent.child(depends_on=depends_on),
        **settings,
    )


def reachability(settings: AwsCluster) -> dict[str, Any]:
    """Return the endpoints of the API server: a private one, and a public one if the settings have an allow-list."""
    private = {"endpoint_private_access": True, "endpoint_public_access": bool(settings.api_allow_from)}
    return {**private, "public_access_cidrs": list(settings.api_allow_from)} if settings.api_allow_from else private


def client_configuration(name: str, endpoint: str, authority: str, *, region: str) -> dict[str, Any]:
    """Return a kubeconfig without a credential: each request gets a short-lived token from AWS."""
    command = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "aws",
        "args": ["eks", "get-token", "--cluster-name", name, "--region", region, "--output", "json"],
        "interactiveMode": "Never",
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": endpoint, "certificate-authority-data": authority}}],
        "users": [{"name": name, "user": {"exec": command}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }
