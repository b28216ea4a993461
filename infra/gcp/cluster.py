"""The site's managed Kubernetes (GKE)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_gcp.container.cluster import Cluster as GkeCluster
from pulumi_gcp.projects.iam_member import IAMMember
from pulumi_gcp.serviceaccount.account import Account

from infra.component import Component
from infra.contracts import SiteContext
from infra.gcp import physical_names
from infra.gcp.alarms import Alarms
from infra.gcp.audit_logs import AuditLogs
from infra.gcp.fitness import PODS_PER_NODE
from infra.gcp.keys import Keys
from infra.gcp.network import PODS, SERVICES, Network
from infra.settings.site import NODE_POOLS
from infra.workload import digest

CONTROL_PLANE_LOGS: Final = ("SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER")
_NODE_ROLE: Final = "roles/container.defaultNodeServiceAccount"


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """The cluster of one site."""

    context: SiteContext
    keys: Keys
    audit_logs: AuditLogs
    alarms: Alarms
    network: Network


class Cluster(Component, token="pouw:gcp:Cluster"):
    """Outputs: ``cluster`` (an id), ``kubeconfig``, ``issuer``; and ``accounts``, the machines' accounts by pool."""

    cluster: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]
    identity: pulumi.Output[str]
    issuer: pulumi.Output[str]
    accounts: pulumi.Output[Mapping[str, str]]

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context, project = args.context, physical_names.project(args.context)
        accounts = {pool: self._account(f"{name}-{pool}", context, pool) for pool in NODE_POOLS}
        cluster_name = physical_names.compose_name("cluster", context)
        cluster = GkeCluster(
            f"{name}-cluster",
            name=cluster_name,
            project=project,
            location=context.region,
            node_locations=list(context.zones),
            network=args.network.network,
            subnetwork=args.network.node_subnets.apply(lambda subnets: subnets[0]),
            ip_allocation_policy={
                "cluster_secondary_range_name": PODS,
                "services_secondary_range_name": SERVICES,
            },
            database_encryption={"state": "ENCRYPTED", "key_name": args.keys.key},
            # Google creates a first pool with every cluster. Until its deletion, it is as hardened as ours.
            remove_default_node_pool=True,
            initial_node_count=1,
            node_config={
                "service_account": accounts["system"],
                "boot_disk_kms_key": args.keys.key,
                "shielded_instance_config": {"enable_secure_boot": True, "enable_integrity_monitoring": True},
                "workload_metadata_config": {"mode": "GKE_METADATA"},
            },
            resource_labels=context.tags,
            deletion_protection=context.protect,
            **hardening(project),
            **access(context),
            **maintenance(context),
            opts=self.child(
                protect=context.protect,
                # Both describe the deleted pool: a change to them would replace the cluster without effect.
                ignore=["initialNodeCount", "nodeConfig"],
            ),
        )
        authority = cluster.master_auth.cluster_ca_certificate
        config = pulumi.Output.all(cluster.endpoint, authority).apply(
            lambda values: kubeconfig(cluster_name, str(values[0]), str(values[1]))
        )
        self.publish(
            cluster=cluster.id,
            kubeconfig=pulumi.Output.secret(config),
            identity=authority.apply(digest),
            issuer=pulumi.Output.concat("https://container.googleapis.com/v1/", cluster.id),
            accounts=accounts,
        )

    def _account(self, name: str, context: SiteContext, pool: str) -> pulumi.Output[str]:
        """Declare an account for a pool's machines, which may only write logs and metrics."""
        account = Account(
            f"{name}-account",
            project=physical_names.project(context),
            account_id=physical_names.compose_name("account", context, pool),
            display_name=f"Machines of the pool {pool} of the site {context.site.name}",
            opts=self.child(),
        )
        role = IAMMember(
            f"{name}-role",
            project=physical_names.project(context),
            role=_NODE_ROLE,
            member=pulumi.Output.concat("serviceAccount:", account.email),
            opts=self.child(),
        )
        # The output waits for the role, so that no machine starts without it.
        return pulumi.Output.all(account.email, role.etag).apply(lambda values: str(values[0]))


def hardening(project: str) -> dict[str, Any]:
    """Return the security settings of the cluster, the same for every site."""
    return {
        "networking_mode": "VPC_NATIVE",
        # Dataplane V2 enforces network policies in the kernel, without an add-on.
        "datapath_provider": "ADVANCED_DATAPATH",
        "enable_intranode_visibility": True,
        "enable_l4_ilb_subsetting": True,
        "enable_shielded_nodes": True,
        "enable_legacy_abac": False,
        "master_auth": {"client_certificate_config": {"issue_client_certificate": False}},
        "anonymous_authentication_config": {"mode": "LIMITED"},
        "rbac_binding_config": {
            "enable_insecure_binding_system_authenticated": False,
            "enable_insecure_binding_system_unauthenticated": False,
        },
        "workload_identity_config": {"workload_pool": f"{project}.svc.id.goog"},
        "binary_authorization": {"evaluation_mode": "PROJECT_SINGLETON_POLICY_ENFORCE"},
        "security_posture_config": {"mode": "BASIC", "vulnerability_mode": "VULNERABILITY_DISABLED"},
        "logging_config": {"enable_components": list(CONTROL_PLANE_LOGS)},
        # The workloads include a Prometheus; a managed one would cost twice.
        "monitoring_config": {
            "enable_components": ["SYSTEM_COMPONENTS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER"],
            "managed_prometheus": {"enabled": False},
        },
        "addons_config": {
            "gce_persistent_disk_csi_driver_config": {"enabled": True},
            "dns_cache_config": {"enabled": True},
            "http_load_balancing": {"disabled": False},
            "horizontal_pod_autoscaling": {"disabled": False},
        },
        "cost_management_config": {"enabled": True},
        "default_max_pods_per_node": PODS_PER_NODE,
    }


def access(context: SiteContext) -> dict[str, Any]:
    """Return the access to the API server: from inside only, or also from the ranges of the allow-list."""
    ranges = context.site.cluster.api_allow_from
    return {
        "private_cluster_config": {
            "enable_private_nodes": True,
            "enable_private_endpoint": not ranges,
            "master_ipv4_cidr_block": context.plan.control_plane,
        },
        "master_authorized_networks_config": {
            "cidr_blocks": [{"cidr_block": cidr, "display_name": cidr} for cidr in ranges],
            "gcp_public_cidrs_access_enabled": False,
        },
        "control_plane_endpoints_config": {"dns_endpoint_config": {"allow_external_traffic": False}},
    }


def maintenance(context: SiteContext) -> dict[str, Any]:
    """Return versions and upgrade hours: production follows staging's channel later, both on weekend nights (UTC)."""
    return {
        "release_channel": {"channel": "STABLE" if context.production else "REGULAR"},
        "min_master_version": context.site.cluster.version,
        "maintenance_policy": {
            "recurring_window": {
                "start_time": "2026-01-03T01:00:00Z",
                "end_time": "2026-01-03T09:00:00Z",
                "recurrence": "FREQ=WEEKLY;BYDAY=SA,SU",
            }
        },
    }


def kubeconfig(name: str, endpoint: str, authority: str) -> str:
    """Return a kubeconfig without a credential: Google's plugin requests a token that lasts an hour."""
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": "gke-gcloud-auth-plugin",
            "installHint": "install it with: gcloud components install gke-gcloud-auth-plugin",
            "provideClusterInfo": True,
            "interactiveMode": "Never",
        }
    }
    cluster = {"server": f"https://{endpoint}", "certificate-authority-data": authority}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": user}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        },
        sort_keys=True,
    )
