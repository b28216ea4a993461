"""The security baseline of a site on Azure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from infra.azure.authorization import ROLES
from infra.azure.cluster import AUDIT_CATEGORIES
from infra.azure.identity import BACKUP_ACTIONS
from tests.contracts import edge_access
from tests.contracts.security_baseline import lookup, mismatches, of_kind
from tests.infra.azure.compliant_site import ANSWERS as ANSWERS  # noqa: PLC0414 - the recorder's answers, by their common name
from tests.infra.recorder import Recorded

_ANYWHERE: Final = ("0.0.0.0/0", "*", "Internet")
_PEERS: Final = "30303"
_POOL: Final = ("agentPoolProfiles", 0)


def _is_set(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_on(value: Any) -> bool:
    return value is True


def _is_off(value: Any) -> bool:
    return value is False


def _is(expected: object) -> Callable[[Any], bool]:
    return lambda value: bool(value == expected)


def _pools(resources: Sequence[Recorded], valid: Callable[[Any], bool], *path: str | int) -> Iterator[str]:
    """Yield the faults of node pools, including the pool inside the cluster."""
    yield from mismatches(resources, "AgentPool", valid, *path)
    yield from mismatches(resources, "ManagedCluster", valid, *_POOL, *path)


def customer_managed_keys(resources: Sequence[Recorded]) -> list[str]:
    """Return the stores that are not encrypted under the site's rotated key."""
    rotation = ("properties", "rotationPolicy", "lifetimeActions", 0)
    return [
        *mismatches(resources, "StorageAccount", _is("Microsoft.Keyvault"), "encryption", "keySource"),
        *mismatches(resources, "StorageAccount", _is_on, "encryption", "requireInfrastructureEncryption"),
        *mismatches(resources, "Registry", _is("enabled"), "encryption", "status"),
        *mismatches(resources, "Registry", _is_set, "encryption", "keyVaultProperties", "keyIdentifier"),
        *mismatches(resources, "DiskEncryptionSet", _is_set, "activeKey", "keyUrl"),
        *mismatches(resources, "DiskEncryptionSet", _is_on, "rotationToLatestKeyVersionEnabled"),
        *mismatches(resources, "ManagedCluster", _is_set, "diskEncryptionSetID"),
        *_pools(resources, _is_on, "enableEncryptionAtHost"),
        *mismatches(resources, "Key", _is("rotate"), *rotation, "action", "type"),
        *mismatches(resources, "Key", _is("P1Y"), *rotation, "trigger", "timeAfterCreate"),
        *mismatches(resources, "Vault", _is_on, "properties", "enablePurgeProtection"),
    ]


def private_nodes(resources: Sequence[Recorded]) -> list[str]:
    """Return the machines and subnets that the internet reaches, or that leave the network directly."""
    missing = [
        *_pools(resources, _is_off, "enableNodePublicIP"),
        *_pools(resources, _is("Disabled"), "securityProfile", "sshAccess"),
        *_pools(resources, _is_on, "securityProfile", "enableSecureBoot"),
        *mismatches(resources, "ManagedCluster", _is("userAssignedNATGateway"), "networkProfile", "outboundType"),
        *mismatches(resources, "VirtualNetwork", bool, "subnets"),
    ]
    for network in of_kind(resources, "VirtualNetwork"):
        for subnet in network.inputs["subnets"]:
            if subnet.get("defaultOutboundAccess") is not False:
                missing.append(f"{subnet['name']}: uses the default outbound address")
            if subnet["name"].startswith("nodes-") and not {"natGateway", "networkSecurityGroup"} <= subnet.keys():
                missing.append(f"{subnet['name']}: has no NAT gateway or no security group")
    for group in of_kind(resources, "NetworkSecurityGroup"):
        for rule in group.inputs["securityRules"]:
            is_open = rule["access"] == "Allow" and rule["sourceAddressPrefix"] in _ANYWHERE
            if is_open and rule["destinationPortRange"] != _PEERS:
                missing.append(f"{group.name}: {rule['name']} admits every address")
    return missing


def private_api(resources: Sequence[Recorded]) -> list[str]:
    """Return the clusters whose API server answers addresses outside its allow-list."""
    access = "apiServerAccessProfile"
    missing = [
        *mismatches(resources, "ManagedCluster", _is_on, access, "enableVnetIntegration"),
        *mismatches(resources, "ManagedCluster", _is_on, access, "disableRunCommand"),
        *mismatches(resources, "ManagedCluster", _is_on, "disableLocalAccounts"),
        *mismatches(resources, "ManagedCluster", _is_on, "aadProfile", "enableAzureRBAC"),
    ]
    for resource in of_kind(resources, "ManagedCluster"):
        ranges = lookup(resource.inputs, access, "authorizedIPRanges") or [_ANYWHERE[0]]
        if lookup(resource.inputs, access, "enablePrivateCluster") is not True and _ANYWHERE[0] in ranges:
            missing.append(f"{resource.name}: its API server answers every address")
    return missing


def audit_logs(resources: Sequence[Recorded]) -> list[str]:
    """Return the audit logs that are not collected, or not retained for a year."""
    settings = of_kind(resources, "DiagnosticSetting")
    collected = {
        entry.get("category") or entry.get("categoryGroup")
        for resource in settings
        for entry in resource.inputs["logs"]
        if entry["enabled"]
    }
    # An account accepts logs only from its own region.
    unarchived = [
        resource.name
        for resource in settings
        if not resource.inputs.get("workspaceId")
        or not (resource.inputs.get("storageAccountId") or "-copy-" in resource.name)
    ]
    return [
        *(f"{category} is not collected" for category in sorted({*AUDIT_CATEGORIES, "audit"} - collected)),
        *(f"{name}: is not archived" for name in unarchived),
        *mismatches(resources, "Workspace", lambda days: (days or 0) >= 365, "retentionInDays"),
        *(
            f"logs {prefix} are retained for {days} days"
            for prefix, days in _retentions(resources)
            if "flow" not in prefix and days < 365
        ),
        *(
            []
            if any(prefix.endswith("-kube") for prefix, _ in _retentions(resources))
            else ["no rule deletes audit logs"]
        ),
    ]


def _retentions(resources: Sequence[Recorded]) -> Iterator[tuple[str, int]]:
    """Yield each prefix of the log account with the days after which its logs are deleted."""
    for policy in of_kind(resources, "ManagementPolicy"):
        for rule in policy.inputs["policy"]["rules"]:
            definition = rule["definition"]
            days = lookup(definition, "actions", "baseBlob", "delete", "daysAfterModificationGreaterThan") or 0
            yield from ((prefix, int(days)) for prefix in definition["filters"]["prefixMatch"])


def flow_logs(resources: Sequence[Recorded]) -> list[str]:
    """Return the networks whose connections are not all logged."""
    return [
        *mismatches(resources, "FlowLog", _is_on, "enabled"),
        *mismatches(resources, "FlowLog", _is_set, "targetResourceId"),
        *mismatches(resources, "FlowLog", _is_set, "storageId"),
        *mismatches(resources, "FlowLog", lambda days: (days or 0) >= 90, "retentionPolicy", "days"),
    ]


def access_logs(resources: Sequence[Recorded]) -> list[str]:
    """Return the backups and edges without an access log."""
    collected = {
        str(resource.inputs.get("resourceUri")): resource.inputs.get("logs") or []
        for resource in of_kind(resources, "DiagnosticSetting")
    }
    backups = [logs for uri, logs in collected.items() if uri.endswith("/blobServices/default")]
    edge_logs = [
        logs for logs in collected.values() if any(lookup(log, "category") == "FrontDoorAccessLog" for log in logs)
    ]
    audited = [logs for logs in backups if any(lookup(log, "categoryGroup") in ("audit", "allLogs") for log in logs)]
    return [
        *([] if len(audited) >= len(of_kind(resources, "BlobContainer")) > 0 else ["reads of a backup are not logged"]),
        *([] if edge_logs else ["requests to the edge are not logged"]),
        *(
            f"{resource.name}: is off"
            for resource in of_kind(resources, "DiagnosticSetting")
            for log in resource.inputs["logs"]
            if not log["enabled"]
        ),
    ]


def deletion_protection(resources: Sequence[Recorded]) -> list[str]:
    """Return the irreplaceable resources that can be deleted by mistake."""
    locked = {
        str(resource.inputs["scope"])
        for resource in of_kind(resources, "ManagementLockByScope")
        if resource.inputs["level"] == "CanNotDelete"
    }
    expected = [resource for kind in ("ManagedCluster", "Registry", "Zone") for resource in of_kind(resources, kind)]
    expected += [resource for resource in of_kind(resources, "StorageAccount") if "backups" in resource.name]
    return [
        *([] if expected else ["there is nothing to protect"]),
        *(f"{resource.name}: is not locked" for resource in expected if f"{resource.name}-id" not in locked),
        *mismatches(resources, "Vault", lambda days: (days or 0) >= 90, "properties", "softDeleteRetentionInDays"),
    ]


def immutable_backups(resources: Sequence[Recorded]) -> list[str]:
    """Return the backups that can be changed within their retention, or read publicly."""
    accounts = [resource for resource in of_kind(resources, "StorageAccount") if "backups" in resource.name]
    missing = [
        *mismatches(
            resources,
            "BlobContainerImmutabilityPolicy",
            lambda days: (days or 0) >= 7,
            "immutabilityPeriodSinceCreationInDays",
        ),
        *mismatches(resources, "BlobContainerImmutabilityPolicy", _is_off, "allowProtectedAppendWrites"),
        *mismatches(resources, "BlobServiceProperties", _is_on, "isVersioningEnabled"),
        *mismatches(resources, "BlobContainer", _is("None"), "publicAccess"),
        *mismatches(accounts, "StorageAccount", _is("Disabled"), "publicNetworkAccess"),
        *mismatches(accounts, "StorageAccount", _is_off, "allowSharedKeyAccess"),
        *mismatches(accounts, "StorageAccount", _is("TLS1_2"), "minimumTlsVersion"),
    ]
    required = ("BlobContainerImmutabilityPolicy", "BlobServiceProperties", "BlobContainer")
    return missing + [f"an account has no {kind}" for kind in required if len(of_kind(resources, kind)) < len(accounts)]


def replicated_backups(resources: Sequence[Recorded]) -> list[str]:
    """Return the backups without a copy in another region under a key there."""
    accounts = [resource for resource in of_kind(resources, "StorageAccount") if "backups" in resource.name]
    policies = of_kind(resources, "ObjectReplicationPolicy")
    ends = {(resource.inputs.get("sourceAccount"), resource.inputs.get("destinationAccount")) for resource in policies}
    return [
        *mismatches(resources, "ObjectReplicationPolicy", bool, "rules"),
        *mismatches(resources, "BlobServiceProperties", _is_on, "changeFeed", "enabled"),
        *mismatches(resources, "StorageAccount", _is_off, "allowCrossTenantReplication"),
        *([] if len(policies) == 2 and len(ends) == 1 else ["source and target have different policies"]),
        *(
            []
            if len({resource.inputs.get("location") for resource in accounts}) == 2
            else ["the copy is not in another region"]
        ),
    ]


def least_privilege(resources: Sequence[Recorded]) -> list[str]:
    """Return the roles that permit more than necessary, or that any principal can use."""
    permitted = set(ROLES.values())
    custom_roles = {f"{resource.name}-id" for resource in of_kind(resources, "RoleDefinition")}
    missing = [] if of_kind(resources, "RoleAssignment") else ["there is no RoleAssignment"]
    for resource in of_kind(resources, "RoleAssignment"):
        role, scope = str(resource.inputs["roleDefinitionId"]), str(resource.inputs["scope"])
        if role.rpartition("/")[2] not in permitted and role not in custom_roles:
            missing.append(f"{resource.name}: {role}")
        if not scope.endswith("-id"):
            missing.append(f"{resource.name}: has the scope {scope}; expected one resource")
    for resource in of_kind(resources, "RoleDefinition"):
        for permission in resource.inputs["permissions"]:
            granted = {*permission["actions"], *permission["dataActions"]}
            missing += [f"{resource.name}: may {action}" for action in sorted(granted - set(BACKUP_ACTIONS))]
    return missing


def named_administrators(resources: Sequence[Recorded]) -> list[str]:
    """Return the ways to administer the cluster besides the list of administrators."""
    return [
        *mismatches(resources, "ManagedCluster", _is_on, "disableLocalAccounts"),
        *mismatches(resources, "ManagedCluster", _is_on, "aadProfile", "enableAzureRBAC"),
        *mismatches(resources, "ManagedCluster", lambda groups: not groups, "aadProfile", "adminGroupObjectIDs"),
    ]


def workload_identity(resources: Sequence[Recorded]) -> list[str]:
    """Return the workloads without a bound identity, and all long-lived keys."""
    subject = "system:serviceaccount:pouw-system:pouw-backup"
    return [
        *mismatches(resources, "ManagedCluster", _is_on, "oidcIssuerProfile", "enabled"),
        *mismatches(resources, "ManagedCluster", _is_on, "securityProfile", "workloadIdentity", "enabled"),
        *mismatches(resources, "FederatedIdentityCredential", _is(subject), "subject"),
        *mismatches(resources, "FederatedIdentityCredential", _is(["api://AzureADTokenExchange"]), "audiences"),
        *mismatches(resources, "StorageAccount", _is_off, "allowSharedKeyAccess"),
    ]


def immutable_images(resources: Sequence[Recorded]) -> list[str]:
    """Return the registries whose tags can move or whose images are not scanned."""
    pull = ROLES["AcrPull"]
    registries = {f"{resource.name}-id" for resource in of_kind(resources, "Registry")}
    granted = [resource for resource in of_kind(resources, "RoleAssignment") if resource.inputs["scope"] in registries]
    locked = {resource.inputs["scope"] for resource in of_kind(resources, "ManagementLockByScope")}
    return [
        *mismatches(resources, "Registry", _is_off, "adminUserEnabled"),
        *mismatches(resources, "Registry", _is_off, "anonymousPullEnabled"),
        *mismatches(resources, "Registry", _is("enabled"), "policies", "retentionPolicy", "status"),
        *([] if granted else ["no principal may pull"]),
        *(
            f"{resource.name}: permits more than pull"
            for resource in granted
            if not resource.inputs["roleDefinitionId"].endswith(pull)
        ),
        *(f"{resource}: can be replaced" for resource in sorted(registries - locked)),
    ]


def tls_edge(resources: Sequence[Recorded]) -> list[str]:
    """Return the edges with weak or no TLS, or without the web firewall."""
    missing = [
        *mismatches(resources, "Route", _is(["Https"]), "supportedProtocols"),
        *mismatches(resources, "AFDCustomDomain", _is("ManagedCertificate"), "tlsSettings", "certificateType"),
        *mismatches(
            resources,
            "AFDCustomDomain",
            lambda version: version in ("TLS12", "TLS13"),
            "tlsSettings",
            "minimumTlsVersion",
        ),
        *mismatches(resources, "AFDOrigin", _is_set, "sharedPrivateLinkResource", "privateLink", "id"),
        *mismatches(resources, "Policy", _is("Prevention"), "policySettings", "mode"),
        *mismatches(resources, "Policy", bool, "managedRules", "managedRuleSets"),
    ]
    domains = {
        f"{resource.name}-id" for kind in ("AFDCustomDomain", "AFDEndpoint") for resource in of_kind(resources, kind)
    }
    protected = {
        domain["id"]
        for resource in of_kind(resources, "SecurityPolicy")
        for association in resource.inputs["parameters"]["associations"]
        for domain in association["domains"]
    }
    missing += [f"{domain}: is not behind the firewall" for domain in sorted(domains - protected)]
    for resource in of_kind(resources, "Policy"):
        kinds = {(rule["ruleType"], rule["action"]) for rule in resource.inputs["customRules"]["rules"]}
        missing += [
            f"{resource.name}: has no {kind}" for kind in ("MatchRule", "RateLimitRule") if (kind, "Block") not in kinds
        ]
    return missing


def public_readiness(resources: Sequence[Recorded]) -> list[str]:
    """Return the requests that the edge answers wrongly, and rules without a rate limit."""
    missing = list(edge_access.served_wrongly(resources, edge_access.azure))
    for resource in of_kind(resources, "Policy"):
        limits = [rule for rule in resource.inputs["customRules"]["rules"] if rule["ruleType"] == "RateLimitRule"]
        if not any(lookup(rule, "matchConditions", 0, "operator") == "Any" for rule in limits):
            missing.append(f"{resource.name}: not every request is held to a rate")
    return missing


def dnssec(resources: Sequence[Recorded]) -> list[str]:
    """Return the zones that are not signed, or whose queries are not logged."""
    signed = {resource.inputs.get("zoneName") for resource in of_kind(resources, "DnssecConfig")}
    return [
        *mismatches(resources, "DnssecConfig", _is_set, "zoneName"),
        *([] if len(signed) == len(_public_zones(resources)) else ["a public zone is not signed"]),
    ]


def _public_zones(resources: Sequence[Recorded]) -> list[Recorded]:
    return [resource for resource in of_kind(resources, "Zone") if resource.inputs.get("zoneType") == "Public"]


def node_autoscaling(resources: Sequence[Recorded]) -> list[str]:
    """Return the node pools that do not scale between their bounds."""
    pools = of_kind(resources, "AgentPool")
    scaling = [resource for resource in pools if resource.inputs.get("enableAutoScaling")]
    return [
        *mismatches(scaling, "AgentPool", bool, "maxCount"),
        *(f"{resource.name}: has no bounds" for resource in scaling if not _is_bounded(resource.inputs)),
        *(
            f"{resource.name}: cannot grow"
            for resource in pools
            if resource not in scaling and "-miners" not in resource.name
        ),
    ]


def _is_bounded(inputs: Mapping[str, Any]) -> bool:
    return bool(0 <= inputs.get("minCount", -1) < inputs.get("maxCount", 0))


def encrypted_secrets(resources: Sequence[Recorded]) -> list[str]:
    """Return the clusters whose secrets are not encrypted under the site's key."""
    kms = ("securityProfile", "azureKeyVaultKms")
    vaults = {f"{resource.name}-id": resource.inputs["properties"] for resource in of_kind(resources, "Vault")}
    missing = [
        *mismatches(resources, "ManagedCluster", _is_on, *kms, "enabled"),
        *mismatches(resources, "ManagedCluster", _is_set, *kms, "keyId"),
        *mismatches(resources, "ManagedCluster", _is("Private"), *kms, "keyVaultNetworkAccess"),
    ]
    for resource in of_kind(resources, "ManagedCluster"):
        vault = vaults.get(lookup(resource.inputs, *kms, "keyVaultResourceId"), {})
        if vault.get("publicNetworkAccess") != "Disabled":
            missing.append(f"{resource.name}: its vault is not private")
    return missing


def budget(resources: Sequence[Recorded]) -> list[str]:
    """Return the budgets that do not warn the contacts at 80 % and at 100 %."""
    missing = list(mismatches(resources, "Budget", bool, "amount"))
    groups = {resource.inputs.get("nodeResourceGroup") for resource in of_kind(resources, "ManagedCluster")}
    expected = {("Actual", 80), ("Actual", 100), ("Forecasted", 100)}
    for resource in of_kind(resources, "Budget"):
        announced = {
            (entry["thresholdType"], entry["threshold"])
            for entry in resource.inputs["notifications"].values()
            if entry["enabled"] and entry["contactEmails"]
        }
        missing += [
            f"{resource.name}: sends no message at {kind} {share} %" for kind, share in sorted(expected - announced)
        ]
        counted = set(lookup(resource.inputs, "filter", "dimensions", "values") or ())
        missing += [f"{resource.name}: does not count {group}" for group in sorted(map(str, groups - counted))]
    return missing
