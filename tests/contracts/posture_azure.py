"""The posture of a site on Azure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from infra.azure.cluster import AUDIT_CATEGORIES
from infra.azure.identity import BACKUP_ACTIONS
from infra.azure.roles import ROLES
from tests.contracts import edges
from tests.contracts.posture import Facet, at, of, wrong
from tests.infra.azure.declared import ANSWERS as ANSWERS  # noqa: PLC0414 - the recorder's answers, by their common name
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


def _is(wanted: object) -> Callable[[Any], bool]:
    return lambda value: bool(value == wanted)


def _pools(found: Sequence[Recorded], right: Callable[[Any], bool], *path: str | int) -> Iterator[str]:
    """What is wrong with pools, the one inside the cluster among them."""
    yield from wrong(found, "AgentPool", right, *path)
    yield from wrong(found, "ManagedCluster", right, *_POOL, *path)


def own_key(found: Sequence[Recorded]) -> list[str]:
    """All that rests is encrypted under a key of the site's own, which is changed every year and cannot be purged."""
    rotation = ("properties", "rotationPolicy", "lifetimeActions", 0)
    return [
        *wrong(found, "StorageAccount", _is("Microsoft.Keyvault"), "encryption", "keySource"),
        *wrong(found, "StorageAccount", _is_on, "encryption", "requireInfrastructureEncryption"),
        *wrong(found, "Registry", _is("enabled"), "encryption", "status"),
        *wrong(found, "Registry", _is_set, "encryption", "keyVaultProperties", "keyIdentifier"),
        *wrong(found, "DiskEncryptionSet", _is_set, "activeKey", "keyUrl"),
        *wrong(found, "DiskEncryptionSet", _is_on, "rotationToLatestKeyVersionEnabled"),
        *wrong(found, "ManagedCluster", _is_set, "diskEncryptionSetID"),
        *_pools(found, _is_on, "enableEncryptionAtHost"),
        *wrong(found, "Key", _is("rotate"), *rotation, "action", "type"),
        *wrong(found, "Key", _is("P1Y"), *rotation, "trigger", "timeAfterCreate"),
        *wrong(found, "Vault", _is_on, "properties", "enablePurgeProtection"),
    ]


def private_nodes(found: Sequence[Recorded]) -> list[str]:
    """No machine has a public address or a login, and none leaves but by the site's own translation."""
    missing = [
        *_pools(found, _is_off, "enableNodePublicIP"),
        *_pools(found, _is("Disabled"), "securityProfile", "sshAccess"),
        *_pools(found, _is_on, "securityProfile", "enableSecureBoot"),
        *wrong(found, "ManagedCluster", _is("userAssignedNATGateway"), "networkProfile", "outboundType"),
        *wrong(found, "VirtualNetwork", bool, "subnets"),
    ]
    for network in of(found, "VirtualNetwork"):
        for subnet in network.inputs["subnets"]:
            if subnet.get("defaultOutboundAccess") is not False:
                missing.append(f"{subnet['name']}: leaves by the cloud's default address")
            if subnet["name"].startswith("nodes-") and not {"natGateway", "networkSecurityGroup"} <= subnet.keys():
                missing.append(f"{subnet['name']}: has no translation or no guard")
    for guard in of(found, "NetworkSecurityGroup"):
        for rule in guard.inputs["securityRules"]:
            opened = rule["access"] == "Allow" and rule["sourceAddressPrefix"] in _ANYWHERE
            if opened and rule["destinationPortRange"] != _PEERS:
                missing.append(f"{guard.name}: {rule['name']} lets anybody in")
    return missing


def private_api(found: Sequence[Recorded]) -> list[str]:
    """The API server answers inside, and outside only those who are named."""
    access = "apiServerAccessProfile"
    missing = [
        *wrong(found, "ManagedCluster", _is_on, access, "enableVnetIntegration"),
        *wrong(found, "ManagedCluster", _is_on, access, "disableRunCommand"),
        *wrong(found, "ManagedCluster", _is_on, "disableLocalAccounts"),
        *wrong(found, "ManagedCluster", _is_on, "aadProfile", "enableAzureRBAC"),
    ]
    for one in of(found, "ManagedCluster"):
        ranges = at(one.inputs, access, "authorizedIPRanges") or [_ANYWHERE[0]]
        if at(one.inputs, access, "enablePrivateCluster") is not True and _ANYWHERE[0] in ranges:
            missing.append(f"{one.name}: the API server answers everybody")
    return missing


def audit_log(found: Sequence[Recorded]) -> list[str]:
    """What is asked of the API server, of the vault and of backups is written down, and kept for a year."""
    settings = of(found, "DiagnosticSetting")
    written = {
        entry.get("category") or entry.get("categoryGroup")
        for one in settings
        for entry in one.inputs["logs"]
        if entry["enabled"]
    }
    # What another region writes down cannot be kept in this one's account.
    unkept = [
        one.name
        for one in settings
        if not one.inputs.get("workspaceId") or not (one.inputs.get("storageAccountId") or "-copy-" in one.name)
    ]
    return [
        *(f"{category} is not written down" for category in sorted({*AUDIT_CATEGORIES, "audit"} - written)),
        *(f"{name}: is not kept" for name in unkept),
        *wrong(found, "Workspace", lambda days: (days or 0) >= 365, "retentionInDays"),
        *(
            f"logs {prefix} are kept for {days} days"
            for prefix, days in _kept(found)
            if "flow" not in prefix and days < 365
        ),
        *([] if any(prefix.endswith("-kube") for prefix, _ in _kept(found)) else ["nothing forgets audit logs"]),
    ]


def _kept(found: Sequence[Recorded]) -> Iterator[tuple[str, int]]:
    """What the account of logs forgets, and after how many days."""
    for policy in of(found, "ManagementPolicy"):
        for rule in policy.inputs["policy"]["rules"]:
            definition = rule["definition"]
            days = at(definition, "actions", "baseBlob", "delete", "daysAfterModificationGreaterThan") or 0
            yield from ((prefix, int(days)) for prefix in definition["filters"]["prefixMatch"])


def flow_log(found: Sequence[Recorded]) -> list[str]:
    """Every connection of the network is written down and kept."""
    return [
        *wrong(found, "FlowLog", _is_on, "enabled"),
        *wrong(found, "FlowLog", _is_set, "targetResourceId"),
        *wrong(found, "FlowLog", _is_set, "storageId"),
        *wrong(found, "FlowLog", lambda days: (days or 0) >= 90, "retentionPolicy", "days"),
    ]


def access_logs(found: Sequence[Recorded]) -> list[str]:
    """Who reads a backup and who calls the edge is written down."""
    written = {
        str(one.inputs.get("resourceUri")): one.inputs.get("logs") or [] for one in of(found, "DiagnosticSetting")
    }
    backups = [logs for uri, logs in written.items() if uri.endswith("/blobServices/default")]
    edges = [logs for logs in written.values() if any(at(log, "category") == "FrontDoorAccessLog" for log in logs)]
    audited = [logs for logs in backups if any(at(log, "categoryGroup") in ("audit", "allLogs") for log in logs)]
    return [
        *([] if len(audited) >= len(of(found, "BlobContainer")) > 0 else ["nobody is written down who reads a backup"]),
        *([] if edges else ["nobody is written down who calls the edge"]),
        *(
            f"{one.name}: is off"
            for one in of(found, "DiagnosticSetting")
            for log in one.inputs["logs"]
            if not log["enabled"]
        ),
    ]


def deletion_protection(found: Sequence[Recorded]) -> list[str]:
    """What cannot be made again is not deleted by mistake, and a deleted vault comes back."""
    locked = {
        str(one.inputs["scope"]) for one in of(found, "ManagementLockByScope") if one.inputs["level"] == "CanNotDelete"
    }
    wanted = [one for kind in ("ManagedCluster", "Registry", "Zone") for one in of(found, kind)]
    wanted += [one for one in of(found, "StorageAccount") if "backups" in one.name]
    return [
        *([] if wanted else ["there is nothing to protect"]),
        *(f"{one.name}: is not locked" for one in wanted if f"{one.name}-id" not in locked),
        *wrong(found, "Vault", lambda days: (days or 0) >= 90, "properties", "softDeleteRetentionInDays"),
    ]


def backups_locked(found: Sequence[Recorded]) -> list[str]:
    """No backup changes within its retention, none is reached by a key or from outside, and all versions are kept."""
    accounts = [one for one in of(found, "StorageAccount") if "backups" in one.name]
    missing = [
        *wrong(
            found,
            "BlobContainerImmutabilityPolicy",
            lambda days: (days or 0) >= 7,
            "immutabilityPeriodSinceCreationInDays",
        ),
        *wrong(found, "BlobContainerImmutabilityPolicy", _is_off, "allowProtectedAppendWrites"),
        *wrong(found, "BlobServiceProperties", _is_on, "isVersioningEnabled"),
        *wrong(found, "BlobContainer", _is("None"), "publicAccess"),
        *wrong(accounts, "StorageAccount", _is("Disabled"), "publicNetworkAccess"),
        *wrong(accounts, "StorageAccount", _is_off, "allowSharedKeyAccess"),
        *wrong(accounts, "StorageAccount", _is("TLS1_2"), "minimumTlsVersion"),
    ]
    needed = ("BlobContainerImmutabilityPolicy", "BlobServiceProperties", "BlobContainer")
    return missing + [f"an account has no {kind}" for kind in needed if len(of(found, kind)) < len(accounts)]


def backups_copied(found: Sequence[Recorded]) -> list[str]:
    """Every backup is copied to another region, under a vault and key there."""
    accounts = [one for one in of(found, "StorageAccount") if "backups" in one.name]
    policies = of(found, "ObjectReplicationPolicy")
    ends = {(one.inputs.get("sourceAccount"), one.inputs.get("destinationAccount")) for one in policies}
    return [
        *wrong(found, "ObjectReplicationPolicy", bool, "rules"),
        *wrong(found, "BlobServiceProperties", _is_on, "changeFeed", "enabled"),
        *wrong(found, "StorageAccount", _is_off, "allowCrossTenantReplication"),
        *([] if len(policies) == 2 and len(ends) == 1 else ["the two ends do not agree"]),
        *([] if len({one.inputs.get("location") for one in accounts}) == 2 else ["the copy is not in another region"]),
    ]


def least_privilege(found: Sequence[Recorded]) -> list[str]:
    """Roles are narrow and given over single resources; a backup is added and read, and no more."""
    allowed = set(ROLES.values())
    own = {f"{one.name}-id" for one in of(found, "RoleDefinition")}
    missing = [] if of(found, "RoleAssignment") else ["there is no RoleAssignment"]
    for one in of(found, "RoleAssignment"):
        role, scope = str(one.inputs["roleDefinitionId"]), str(one.inputs["scope"])
        if role.rpartition("/")[2] not in allowed and role not in own:
            missing.append(f"{one.name}: {role}")
        if not scope.endswith("-id"):
            missing.append(f"{one.name}: over {scope}, which is no single resource")
    for one in of(found, "RoleDefinition"):
        for permission in one.inputs["permissions"]:
            given = {*permission["actions"], *permission["dataActions"]}
            missing += [f"{one.name}: may {action}" for action in sorted(given - set(BACKUP_ACTIONS))]
    return missing


def named_administrators(found: Sequence[Recorded]) -> list[str]:
    """Who administers the cluster is on a list, that of the cloud's roles: nobody does by a certificate or a group."""
    return [
        *wrong(found, "ManagedCluster", _is_on, "disableLocalAccounts"),
        *wrong(found, "ManagedCluster", _is_on, "aadProfile", "enableAzureRBAC"),
        *wrong(found, "ManagedCluster", lambda groups: not groups, "aadProfile", "adminGroupObjectIDs"),
    ]


def workload_identity(found: Sequence[Recorded]) -> list[str]:
    """Workloads exchange the token of their own service account; nobody has a key."""
    subject = "system:serviceaccount:pouw-system:pouw-backup"
    return [
        *wrong(found, "ManagedCluster", _is_on, "oidcIssuerProfile", "enabled"),
        *wrong(found, "ManagedCluster", _is_on, "securityProfile", "workloadIdentity", "enabled"),
        *wrong(found, "FederatedIdentityCredential", _is(subject), "subject"),
        *wrong(found, "FederatedIdentityCredential", _is(["api://AzureADTokenExchange"]), "audiences"),
        *wrong(found, "StorageAccount", _is_off, "allowSharedKeyAccess"),
    ]


def immutable_images(found: Sequence[Recorded]) -> list[str]:
    """Nobody pushes by a password, the cluster only pulls, and the registry itself cannot be replaced.

    Azure locks single tags and no registry; that workloads name images by digest is a rule of the policies.
    """
    pull = ROLES["AcrPull"]
    registries = {f"{one.name}-id" for one in of(found, "Registry")}
    given = [one for one in of(found, "RoleAssignment") if one.inputs["scope"] in registries]
    locked = {one.inputs["scope"] for one in of(found, "ManagementLockByScope")}
    return [
        *wrong(found, "Registry", _is_off, "adminUserEnabled"),
        *wrong(found, "Registry", _is_off, "anonymousPullEnabled"),
        *wrong(found, "Registry", _is("enabled"), "policies", "retentionPolicy", "status"),
        *([] if given else ["nobody may pull"]),
        *(f"{one.name}: does more than pull" for one in given if not one.inputs["roleDefinitionId"].endswith(pull)),
        *(f"{one}: can be replaced" for one in sorted(registries - locked)),
    ]


def tls_edge(found: Sequence[Recorded]) -> list[str]:
    """Whatever comes in is encrypted by today's means, passes the firewall, and goes on by a private link."""
    missing = [
        *wrong(found, "Route", _is(["Https"]), "supportedProtocols"),
        *wrong(found, "AFDCustomDomain", _is("ManagedCertificate"), "tlsSettings", "certificateType"),
        *wrong(
            found, "AFDCustomDomain", lambda version: version in ("TLS12", "TLS13"), "tlsSettings", "minimumTlsVersion"
        ),
        *wrong(found, "AFDOrigin", _is_set, "sharedPrivateLinkResource", "privateLink", "id"),
        *wrong(found, "Policy", _is("Prevention"), "policySettings", "mode"),
        *wrong(found, "Policy", bool, "managedRules", "managedRuleSets"),
    ]
    domains = {f"{one.name}-id" for kind in ("AFDCustomDomain", "AFDEndpoint") for one in of(found, kind)}
    guarded = {
        domain["id"]
        for one in of(found, "SecurityPolicy")
        for association in one.inputs["parameters"]["associations"]
        for domain in association["domains"]
    }
    missing += [f"{domain}: is not behind the firewall" for domain in sorted(domains - guarded)]
    for one in of(found, "Policy"):
        kinds = {(rule["ruleType"], rule["action"]) for rule in one.inputs["customRules"]["rules"]}
        missing += [
            f"{one.name}: has no {kind}" for kind in ("MatchRule", "RateLimitRule") if (kind, "Block") not in kinds
        ]
    return missing


def readiness_for_all(found: Sequence[Recorded]) -> list[str]:
    """Anybody may ask whether the site is ready, at a limited rate, and for nothing else: names are checked so."""
    missing = list(edges.served_wrongly(found, edges.azure))
    for one in of(found, "Policy"):
        limits = [rule for rule in one.inputs["customRules"]["rules"] if rule["ruleType"] == "RateLimitRule"]
        if not any(at(rule, "matchConditions", 0, "operator") == "Any" for rule in limits):
            missing.append(f"{one.name}: not every request is held to a rate")
    return missing


def signed_names(found: Sequence[Recorded]) -> list[str]:
    """Answers of the zone are signed. Azure writes down no questions to public zones."""
    signed = {one.inputs.get("zoneName") for one in of(found, "DnssecConfig")}
    return [
        *wrong(found, "DnssecConfig", _is_set, "zoneName"),
        *([] if len(signed) == len(_public_zones(found)) else ["a public zone is not signed"]),
    ]


def _public_zones(found: Sequence[Recorded]) -> list[Recorded]:
    return [one for one in of(found, "Zone") if one.inputs.get("zoneType") == "Public"]


def pools_scale(found: Sequence[Recorded]) -> list[str]:
    """The cluster's own scaler sizes every pool between its bounds, but for those that are to stay as they are."""
    pools = of(found, "AgentPool")
    moving = [one for one in pools if one.inputs.get("enableAutoScaling")]
    return [
        *wrong(moving, "AgentPool", bool, "maxCount"),
        *(f"{one.name}: has no bounds" for one in moving if not _is_bounded(one.inputs)),
        *(f"{one.name}: cannot grow" for one in pools if one not in moving and "-miners" not in one.name),
    ]


def _is_bounded(inputs: Mapping[str, Any]) -> bool:
    return bool(0 <= inputs.get("minCount", -1) < inputs.get("maxCount", 0))


def secrets_encrypted(found: Sequence[Recorded]) -> list[str]:
    """Secrets of the cluster are encrypted once more under the site's own key, in a vault that is private."""
    kms = ("securityProfile", "azureKeyVaultKms")
    vaults = {f"{one.name}-id": one.inputs["properties"] for one in of(found, "Vault")}
    missing = [
        *wrong(found, "ManagedCluster", _is_on, *kms, "enabled"),
        *wrong(found, "ManagedCluster", _is_set, *kms, "keyId"),
        *wrong(found, "ManagedCluster", _is("Private"), *kms, "keyVaultNetworkAccess"),
    ]
    for one in of(found, "ManagedCluster"):
        vault = vaults.get(at(one.inputs, *kms, "keyVaultResourceId"), {})
        if vault.get("publicNetworkAccess") != "Disabled":
            missing.append(f"{one.name}: its vault is not private")
    return missing


def budget(found: Sequence[Recorded]) -> list[str]:
    """Somebody is told before the money is gone, and the machines' own resource group counts."""
    missing = list(wrong(found, "Budget", bool, "amount"))
    groups = {one.inputs.get("nodeResourceGroup") for one in of(found, "ManagedCluster")}
    wanted = {("Actual", 80), ("Actual", 100), ("Forecasted", 100)}
    for one in of(found, "Budget"):
        told = {
            (each["thresholdType"], each["threshold"])
            for each in one.inputs["notifications"].values()
            if each["enabled"] and each["contactEmails"]
        }
        missing += [f"{one.name}: nobody is told at {kind} {share} %" for kind, share in sorted(wanted - told)]
        counted = set(at(one.inputs, "filter", "dimensions", "values") or ())
        missing += [f"{one.name}: does not count {group}" for group in sorted(map(str, groups - counted))]
    return missing


FACETS: Final[Mapping[str, Facet]] = {
    "own_key": own_key,
    "private_nodes": private_nodes,
    "private_api": private_api,
    "audit_log": audit_log,
    "flow_log": flow_log,
    "access_logs": access_logs,
    "deletion_protection": deletion_protection,
    "backups_locked": backups_locked,
    "backups_copied": backups_copied,
    "least_privilege": least_privilege,
    "named_administrators": named_administrators,
    "workload_identity": workload_identity,
    "immutable_images": immutable_images,
    "tls_edge": tls_edge,
    "readiness_for_all": readiness_for_all,
    "signed_names": signed_names,
    "pools_scale": pools_scale,
    "secrets_encrypted": secrets_encrypted,
    "budget": budget,
}
