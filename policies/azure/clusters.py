"""Kubernetes clusters on Azure: who reaches the API, who is known to it, and what it tells."""

from __future__ import annotations

from collections.abc import Iterator

from policies.azure.openings import is_anybody
from policies.azure.relations import comes_from
from policies.azure.vaults import DISK_SET
from policies.checks import MISSING, both, find, must_be, must_be_set, must_not_be, must_not_be_set
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

CLUSTER = "azure-native:containerservice:ManagedCluster"

_GUIDE = "https://learn.microsoft.com/en-us/azure/aks/"


def _is_open(props: Props) -> Iterator[str]:
    access = props.get("apiServerAccessProfile") or {}
    if access.get("enablePrivateCluster") is True:
        return
    for at, cidr in find(access, "authorizedIPRanges[*]"):
        if cidr is MISSING:
            yield "apiServerAccessProfile.authorizedIPRanges: is missing, and the API is open to everybody"
        elif is_anybody(cidr):
            yield f"apiServerAccessProfile.{at}: the API is open to {cidr}"


def _encrypts_disks(cluster: Resource, stack: Stack) -> Iterator[str]:
    if not comes_from(cluster, stack, "diskEncryptionSetID", (DISK_SET,)):
        yield from must_be_set("diskEncryptionSetID")(cluster.inputs)


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-aks-cluster-deny-open-api",
        types=(CLUSTER,),
        severity=Severity.CRITICAL,
        absent=Absence.DENY,
        why="The next hole in the API server, or one leaked token, is used from anywhere.",
        remedy="Set apiServerAccessProfile.enablePrivateCluster: true, or name the ranges in authorizedIPRanges.",
        reference=_GUIDE + "private-clusters",
        check=_is_open,
    ),
    Rule(
        id="azure-aks-cluster-require-network-integration",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Without it, what the nodes say to the API goes through a tunnel outside of the network.",
        remedy="Set apiServerAccessProfile.enableVnetIntegration: true and name a subnet of its own.",
        reference=_GUIDE + "api-server-vnet-integration",
        check=must_be("apiServerAccessProfile.enableVnetIntegration", True),
    ),
    Rule(
        id="azure-aks-cluster-deny-run-command",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Who may write the cluster's resource runs commands as its administrator, past the network and the roles.",
        remedy="Set apiServerAccessProfile.disableRunCommand: true.",
        reference=_GUIDE + "access-private-cluster",
        check=must_be("apiServerAccessProfile.disableRunCommand", True),
    ),
    Rule(
        id="azure-aks-cluster-require-roles",
        types=(CLUSTER,),
        severity=Severity.CRITICAL,
        absent=Absence.ALLOW,
        why="Without role-based access everybody who is known to the API administers it.",
        remedy="Set enableRBAC: true, or leave it out.",
        reference=_GUIDE + "concepts-identity",
        check=must_not_be("enableRBAC", False),
    ),
    Rule(
        id="azure-aks-cluster-require-directory",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Users of a cluster's own neither leave with the people nor answer for a second factor.",
        remedy="Set managed and enableAzureRBAC in aadProfile to true.",
        reference=_GUIDE + "enable-authentication-microsoft-entra-id",
        check=both(must_be("aadProfile.managed", True), must_be("aadProfile.enableAzureRBAC", True)),
    ),
    Rule(
        id="azure-aks-cluster-deny-local-accounts",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The local administrator's certificate cannot be taken back, and no log says who used it.",
        remedy="Set disableLocalAccounts: true.",
        reference=_GUIDE + "manage-local-accounts-managed-azure-ad",
        check=must_be("disableLocalAccounts", True),
    ),
    Rule(
        id="azure-aks-cluster-deny-service-principal",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A principal's secret lies in the cluster's configuration, and runs out on a day nobody remembers.",
        remedy="Set identity.type: UserAssigned or SystemAssigned, and leave servicePrincipalProfile out.",
        reference=_GUIDE + "use-managed-identity",
        check=both(
            must_be("identity.type", "UserAssigned", "SystemAssigned"),
            must_not_be_set("servicePrincipalProfile.secret"),
        ),
    ),
    Rule(
        id="azure-aks-cluster-require-workload-identity",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Pods that cannot take on an identity of their own take the machine's, or carry a secret.",
        remedy="Set oidcIssuerProfile.enabled and securityProfile.workloadIdentity.enabled to true.",
        reference=_GUIDE + "workload-identity-overview",
        check=both(
            must_be("oidcIssuerProfile.enabled", True), must_be("securityProfile.workloadIdentity.enabled", True)
        ),
    ),
    Rule(
        id="azure-aks-cluster-require-network-policy",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Network policies are taken and not enforced: every pod reaches every other.",
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
        why="Behind a load balancer's addresses ports run out, and others cannot list where calls come from.",
        remedy="Set networkProfile.outboundType to a NAT gateway or a route of the site's own.",
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
        why="Secrets under a key that is not the site's own cannot be taken out of reach by taking the key away.",
        remedy="Set securityProfile.azureKeyVaultKms with enabled: true and keyVaultNetworkAccess: Private.",
        reference=_GUIDE + "use-kms-etcd-encryption",
        check=both(
            must_be("securityProfile.azureKeyVaultKms.enabled", True),
            must_be("securityProfile.azureKeyVaultKms.keyVaultNetworkAccess", "Private"),
        ),
    ),
    Rule(
        id="azure-aks-cluster-require-defender",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Nobody notices a miner or a shell that an intruder starts in a pod.",
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
        why="What is applied past the pipeline is judged by nobody.",
        remedy="Set addonProfiles.azurepolicy.enabled: true.",
        reference=_GUIDE + "use-azure-policy",
        check=must_be("addonProfiles.azurepolicy.enabled", True),
    ),
    StackRule(
        id="azure-aks-cluster-require-disk-encryption",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Disks of machines are under Microsoft's key, which nobody here can take away.",
        remedy="Set diskEncryptionSetID.",
        reference=_GUIDE + "azure-disk-customer-managed-keys",
        check=_encrypts_disks,
    ),
)
