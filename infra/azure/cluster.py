"""Managed Kubernetes (AKS): a private API server, secrets under the site's key, audit logs, workload identity."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_azure_native.compute.disk_encryption_set import DiskEncryptionSet
from pulumi_azure_native.containerservice.maintenance_configuration import MaintenanceConfiguration
from pulumi_azure_native.containerservice.managed_cluster import ManagedCluster
from pulumi_azure_native.managedidentity.user_assigned_identity import UserAssignedIdentity
from pulumi_azure_native.resources.deployment import Deployment

from infra.azure import node_pool_plan
from infra.azure.alarms import Alarms
from infra.azure.audit_logs import AuditLogs
from infra.azure.authorization import grant, identity, prevent_deletion, role_id
from infra.azure.keys import Keys
from infra.azure.kubeconfig import authority, kubeconfig, listing_template
from infra.azure.network import Network
from infra.azure.physical_names import compose_name, machines_group_name
from infra.azure.settings import AzureSite
from infra.azure.subnets import CONTROL_PLANE
from infra.component import Component
from infra.contracts import SiteContext

AUDIT_CATEGORIES: Final = (
    "kube-audit", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "cluster-autoscaler",
    "cloud-controller-manager", "guard", "csi-azuredisk-controller",
)  # fmt: skip
"""Log categories of the control plane; ``guard`` holds sign-ins."""

WINDOW: Final = {
    "schedule": {"weekly": {"dayOfWeek": "Sunday", "intervalWeeks": 1}},
    "startTime": "02:00",
    "durationHours": 6,
    "utcOffset": "+00:00",
}
"""Hours in which Azure may upgrade the cluster."""


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """The cluster of one site."""

    context: SiteContext[AzureSite]
    keys: Keys
    audit_logs: AuditLogs
    alarms: Alarms
    network: Network


class Cluster(Component, token="pouw:azure:Cluster"):
    """A cluster with the system machines of the first zone.

    Outputs besides those of the contract: ``name`` and ``group`` of the cluster; ``puller``, the principal by which
    machines pull images; ``disks``, the id of the disk encryption set.
    """

    cluster: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]
    identity: pulumi.Output[str]
    issuer: pulumi.Output[str]
    name: pulumi.Output[str]
    group: pulumi.Output[str]
    puller: pulumi.Output[str]
    disks: pulumi.Output[str]

    def __init__(self, name: str, args: ClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        context, group, network = args.context, args.keys.group, args.network
        controller, puller = (
            identity(self, f"{name}-{part}", context, group, part) for part in ("controller", "puller")
        )
        disks = DiskEncryptionSet(
            f"{name}-disks",
            resource_group_name=group,
            disk_encryption_set_name=compose_name(context, "compute:DiskEncryptionSet"),
            location=context.region,
            encryption_type="EncryptionAtRestWithCustomerKey",
            active_key={"keyUrl": args.keys.key_version},
            rotation_to_latest_key_version_enabled=True,
            identity={"type": "UserAssigned", "userAssignedIdentities": [args.keys.reader]},
            tags=context.tags,
            opts=self.child(),
        )
        grants = self._grants(name, controller, puller, disks)
        [first] = [pool for pool in node_pool_plan.zone_pools(context.site.pools) if pool.name == "system1"]
        # The autoscaler changes the number of machines. All other pools are separate resources.
        ignored = ["agentPoolProfiles[0].count"]
        options = self.child(protect=context.protect, depends_on=grants, ignore=ignored)
        cluster = ManagedCluster(
            f"{name}-cluster",
            resource_group_name=group,
            resource_name_=compose_name(context, "containerservice:ManagedCluster"),
            location=context.region,
            agent_pool_profiles=[
                {
                    "name": first.name,
                    "vnet_subnet_id": network.subnet(node_pool_plan.subnet_of(first)),
                    **node_pool_plan.profile(first, context),
                }
            ],
            api_server_access_profile={**api_access(context), "subnetId": network.subnet(CONTROL_PLANE)},
            disk_encryption_set_id=disks.id,
            identity={"type": "UserAssigned", "userAssignedIdentities": [controller.id]},
            identity_profile={
                "kubeletidentity": {
                    "resourceId": puller.id,
                    "clientId": puller.client_id,
                    "objectId": puller.principal_id,
                }
            },
            network_profile=network_profile(context),
            security_profile=security_profile(args),
            tags=context.tags,
            opts=options,
            **settings(context),
        )
        prevent_deletion(self, f"{name}-lock", context, cluster.id)
        self._maintain(name, cluster)
        self.publish(
            cluster=cluster.id,
            kubeconfig=self._kubeconfig(name, cluster),
            # Other clouds use the certificate authority, which here is unknown during every update.
            identity=pulumi.Output.concat(cluster.id, " private" if private_api(context) else ""),
            issuer=cluster.oidc_issuer_profile.issuer_url,
            name=cluster.name,
            group=group,
            puller=puller.principal_id,
            disks=disks.id,
        )

    def _grants(
        self, name: str, controller: UserAssignedIdentity, puller: UserAssignedIdentity, disks: DiskEncryptionSet
    ) -> list[pulumi.Resource]:
        """Grant the control plane its roles, each on one resource."""
        vault = self._args.keys.vault
        scopes: dict[str, tuple[str, pulumi.Input[str]]] = {
            "network": ("Network Contributor", self._args.network.network),
            "key": ("Key Vault Crypto User", vault),
            # The control plane creates its own endpoint to a private vault, which needs this role.
            "vault": ("Key Vault Contributor", vault),
            "disks": ("Disk Encryption Set Operator for Managed Disks", disks.id),
            "puller": ("Managed Identity Operator", puller.id),
        }
        return [
            grant(
                self,
                f"{name}-controller-{part}",
                role=role_id(self._args.context, role),
                principal=controller.principal_id,
                scope=scope,
            )
            for part, (role, scope) in scopes.items()
        ]

    def _maintain(self, name: str, cluster: ManagedCluster) -> None:
        """Collect audit logs, and declare the hours in which Azure may upgrade the cluster."""
        audit_logs, group = self._args.audit_logs, self._args.keys.group
        audit_logs.collect(self, f"{name}-audit", cluster.id, categories=AUDIT_CATEGORIES)
        for part in ("AutoUpgrade", "NodeOSUpgrade"):
            MaintenanceConfiguration(
                f"{name}-{part.lower()}-window",
                resource_group_name=group,
                resource_name_=cluster.name,
                config_name=f"aksManaged{part}Schedule",
                maintenance_window=WINDOW,
                opts=self.child(),
            )

    def _kubeconfig(self, name: str, cluster: ManagedCluster) -> pulumi.Output[str]:
        context = self._args.context
        listing = Deployment(
            f"{name}-authority",
            resource_group_name=self._args.keys.group,
            deployment_name=compose_name(context, "resources:Deployment", "authority"),
            properties={
                "mode": "Incremental",
                "template": listing_template(),
                "parameters": {"cluster": {"value": cluster.id}},
            },
            tags=context.tags,
            opts=self.child(),
        )
        host = cluster.private_fqdn if private_api(context) else cluster.fqdn
        text = pulumi.Output.all(cluster.name, host, listing.properties).apply(
            lambda values: kubeconfig(
                cluster=values[0],
                host=values[1],
                tenant=context.site.tenant or "",
                certificate_authority=authority((values[2] or {}).get("outputs")),
            )
        )
        return pulumi.Output.secret(text)


def private_api(context: SiteContext[AzureSite]) -> bool:
    """True if the API server has no address outside the network."""
    return not context.site.cluster.api_allow_from


def api_access(context: SiteContext[AzureSite]) -> dict[str, Any]:
    """Return the access to the API server. It runs in the site's network, from which it reaches the private vault."""
    shared: dict[str, Any] = {"enableVnetIntegration": True, "disableRunCommand": True}
    if private_api(context):
        return {
            **shared,
            "enablePrivateCluster": True,
            "enablePrivateClusterPublicFQDN": False,
            "privateDNSZone": "system",
        }
    return {**shared, "enablePrivateCluster": False, "authorizedIPRanges": list(context.site.cluster.api_allow_from)}


def network_profile(context: SiteContext[AzureSite]) -> dict[str, Any]:
    """Return the network settings: an overlay for pods, network policies by Cilium, egress through the NAT gateways."""
    network = context.site.network
    return {
        "networkPlugin": "azure",
        "networkPluginMode": "overlay",
        "networkDataplane": "cilium",
        "networkPolicy": "cilium",
        "podCidr": network.pods,
        "serviceCidr": network.services,
        "dnsServiceIP": dns_address(network.services),
        "loadBalancerSku": "standard",
        "outboundType": "userAssignedNATGateway",
    }


def dns_address(services: str) -> str:
    """Return the address of the cluster's DNS server: the tenth of the services' range."""
    return str(ipaddress.ip_network(services)[10])


def security_profile(args: ClusterArgs) -> dict[str, Any]:
    """Return the security settings: secret encryption, workload identity, threat detection, image clean-up."""
    return {
        "azureKeyVaultKms": {
            "enabled": True,
            "keyId": args.keys.key_version,
            "keyVaultNetworkAccess": "Private",
            # The API server needs the vault's endpoint to read its first secret.
            "keyVaultResourceId": args.network.vault,
        },
        "workloadIdentity": {"enabled": True},
        "defender": {"logAnalyticsWorkspaceResourceId": args.audit_logs.logs, "securityMonitoring": {"enabled": True}},
        "imageCleaner": {"enabled": True, "intervalHours": 168},
    }


def settings(context: SiteContext[AzureSite]) -> dict[str, Any]:
    """Return the other arguments of the cluster, which depend only on the context."""
    return {
        "kubernetes_version": context.site.cluster.version,
        "dns_prefix": compose_name(context, "containerservice:ManagedCluster")[:54].rstrip("-"),
        "node_resource_group": machines_group_name(context),
        "node_resource_group_profile": {"restrictionLevel": "ReadOnly"},
        "sku": {"name": "Base", "tier": "Standard"},
        "enable_rbac": True,
        "disable_local_accounts": True,
        "aad_profile": {"managed": True, "enableAzureRBAC": True, "tenantID": context.site.tenant},
        "oidc_issuer_profile": {"enabled": True},
        "auto_upgrade_profile": {"upgradeChannel": "patch", "nodeOSUpgradeChannel": "NodeImage"},
        # Azure Policy checks the objects that other tools create in the cluster.
        "addon_profiles": {"azurepolicy": {"enabled": True}},
        # The pools of one kind grow evenly, so that no single zone has all the machines.
        "auto_scaler_profile": {"balanceSimilarNodeGroups": "true", "expander": "least-waste"},
        "storage_profile": {
            "diskCSIDriver": {"enabled": True},
            "fileCSIDriver": {"enabled": False},
            "snapshotController": {"enabled": True},
        },
    }
