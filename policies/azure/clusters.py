"""Rules about AKS clusters: API access, authentication, network and encryption."""

from __future__ import annotations

from collections.abc import Iterator

from policies.azure.network_access import is_internet
from policies.azure.references import comes_from
from policies.azure.vaults import DISK_SET
from policies.checks import MISSING, all_of, find, must_be, must_be_set, must_not_be, must_not_be_set
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

CLUSTER = "azure-native:containerservice:ManagedCluster"

_GUIDE = "https://learn.microsoft.com/en-us/azure/aks/"


def _check_public_endpoint(props: Props) -> Iterator[str]:
    access = props.get("apiServerAccessProfile") or {}
    if access.get("enablePrivateCluster") is True:
        return
    for path, cidr in find(access, "authorizedIPRanges[*]"):
        if cidr is MISSING:
            yield (
                "apiServerAccessProfile.authorizedIPRanges: the API endpoint is open to the Internet; got nothing; "
                "expected named address ranges"
            )
        elif is_internet(cidr):
            yield (
                f"apiServerAccessProfile.{path}: the API endpoint is open to the Internet; got {cidr}; expected named "
                "address ranges"
            )


def _check_disk_encryption(cluster: Resource, stack: Stack) -> Iterator[str]:
    if not comes_from(cluster, stack, "diskEncryptionSetID", (DISK_SET,)):
        yield from must_be_set("diskEncryptionSetID")(cluster.inputs)


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-aks-cluster-deny-open-api",
        types=(CLUSTER,),
        severity=Severity.CRITICAL,
        absent=Absence.DENY,
        why="A vulnerability in the API server or a leaked token can be exploited from anywhere.",
        remedy="Set apiServerAccessProfile.enablePrivateCluster: true, or name the ranges in authorizedIPRanges.",
        reference=_GUIDE + "private-clusters",
        check=_check_public_endpoint,
    ),
    Rule(
        id="azure-aks-cluster-require-network-integration",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Without integration, traffic between nodes and the API uses a tunnel outside the network.",
        remedy="Set apiServerAccessProfile.enableVnetIntegration: true, and a dedicated subnet.",
        reference=_GUIDE + "api-server-vnet-integration",
        check=must_be("apiServerAccessProfile.enableVnetIntegration", True),
    ),
    Rule(
        id="azure-aks-cluster-deny-run-command",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why=(
            "Anyone who may write the cluster resource can run commands as administrator, past the network and all "
            "roles."
        ),
        remedy="Set apiServerAccessProfile.disableRunCommand: true.",
        reference=_GUIDE + "access-private-cluster",
        check=must_be("apiServerAccessProfile.disableRunCommand", True),
    ),
    Rule(
        id="azure-aks-cluster-require-roles",
        types=(CLUSTER,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Without role-based access control, every authenticated client is an administrator.",
        remedy="Set enableRBAC: true, or remove it.",
        reference=_GUIDE + "concepts-identity",
        check=must_not_be("enableRBAC", False),
    ),
    Rule(
        id="azure-aks-cluster-require-directory",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Local users survive staff changes and need no second factor.",
        remedy="Set aadProfile.managed and aadProfile.enableAzureRBAC to true.",
        reference=_GUIDE + "enable-authentication-microsoft-entra-id",
        check=all_of(must_be("aadProfile.managed", True), must_be("aadProfile.enableAzureRBAC", True)),
    ),
    Rule(
        id="azure-aks-cluster-deny-local-accounts",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The local administrator's certificate cannot be revoked, and no log identifies its users.",
        remedy="Set disableLocalAccounts: true.",
        reference=_GUIDE + "manage-local-accounts-managed-azure-ad",
        check=must_be("disableLocalAccounts", True),
    ),
    Rule(
        id="azure-aks-cluster-deny-service-principal",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The secret of a service principal is stored in the cluster's configuration and expires unnoticed.",
        remedy="Set identity.type: UserAssigned or SystemAssigned, and remove servicePrincipalProfile.",
        reference=_GUIDE + "use-managed-identity",
        check=all_of(
            must_be("identity.type", "UserAssigned", "SystemAssigned"),
            must_not_be_set("servicePrincipalProfile.secret"),
        ),
    ),
    Rule(
        id="azure-aks-cluster-require-workload-identity",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Pods without an identity of their own use the machine's identity or a stored secret.",
        remedy="Set oidcIssuerProfile.enabled and securityProfile.workloadIdentity.enabled to true.",
        reference=_GUIDE + "workload-identity-overview",
        check=all_of(
            must_be("oidcIssuerProfile.enabled", True), must_be("securityProfile.workloadIdentity.enabled", True)
        ),
    ),
    Rule(
        id="azure-aks-cluster-require-network-policy",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The API accepts network policies, but nothing enforces them, so all pods can reach each other.",
        remedy="Set networkProfile.networkPolicy: cilium, calico or azure.",
        reference=_GUIDE + "use-network-policies",
        check=must_be("networkProfile.networkPolicy", "cilium", "calico", "azure"),
    ),
    Rule(
        id="azure-aks-cluster-limit-egress",
        types=(CLUSTER,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Outbound ports of a load balancer run out, and its addresses are hard to allow-list.",
        remedy="Set networkProfile.outboundType to a NAT gateway or a user-defined route.",
        reference=_GUIDE + "egress-outboundtype",
        check=must_be(
            "networkProfile.outboundType",
            "userAssignedNATGateway",
            "managedNATGateway",
            "userDefinedRouting",
            "none",
            "block",
        ),
    ),
    Rule(
        id="azure-aks-cluster-require-secrets-encryption",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without a key of the site, access to the secrets cannot be revoked by disabling the key.",
        remedy="Set securityProfile.azureKeyVaultKms with enabled: true and keyVaultNetworkAccess: Private.",
        reference=_GUIDE + "use-kms-etcd-encryption",
        check=all_of(
            must_be("securityProfile.azureKeyVaultKms.enabled", True),
            must_be("securityProfile.azureKeyVaultKms.keyVaultNetworkAccess", "Private"),
        ),
    ),
    Rule(
        id="azure-aks-cluster-require-defender",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without runtime detection, a cryptocurrency miner or shell in a pod stays unnoticed.",
        remedy="Set securityProfile.defender.securityMonitoring.enabled: true.",
        reference="https://learn.microsoft.com/en-us/azure/defender-for-cloud/defender-for-containers-introduction",
        check=must_be("securityProfile.defender.securityMonitoring.enabled", True),
    ),
    Rule(
        id="azure-aks-cluster-require-policy-addon",
        types=(CLUSTER,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Objects applied outside the pipeline are not checked.",
        remedy="Set addonProfiles.azurepolicy.enabled: true.",
        reference=_GUIDE + "use-azure-policy",
        check=must_be("addonProfiles.azurepolicy.enabled", True),
    ),
    StackRule(
        id="azure-aks-cluster-require-disk-encryption",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Access to disks under a Microsoft-managed key cannot be revoked.",
        remedy="Set diskEncryptionSetID.",
        reference=_GUIDE + "azure-disk-customer-managed-keys",
        check=_check_disk_encryption,
    ),
)
