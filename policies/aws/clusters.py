"""Rules about EKS clusters: API access, authentication, logging and encryption."""

from __future__ import annotations

from collections.abc import Iterator

from policies.aws.references import referrers
from policies.checks import MISSING, exists, find, format_value, must_be, must_match
from policies.exposure import is_internet
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

CLUSTER = "aws:eks/cluster:Cluster"
ADDON = "aws:eks/addon:Addon"
ACCESS_POLICY = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
BUDGET = "aws:budgets/budget:Budget"

_GUIDE = "https://docs.aws.amazon.com/eks/latest/userguide/"
_LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")
_MAXIMUM_ADMINISTRATORS = 2
"""The deployment role and one break-glass role."""
_ADDONS = ("coredns", "kube-proxy", "vpc-cni")


def _check_public_endpoint(props: Props) -> Iterator[str]:
    network = props["vpcConfig"]
    if network.get("endpointPublicAccess") is False:
        return
    for path, cidr in find(network, "publicAccessCidrs[*]"):
        if cidr is MISSING:
            yield (
                "vpcConfig.publicAccessCidrs: the API endpoint is open to the Internet; got nothing; expected named "
                "address ranges"
            )
        elif is_internet(cidr):
            yield (
                f"vpcConfig.{path}: the API endpoint is open to the Internet; got {cidr}; expected named address ranges"
            )


def _check_secrets_encryption(props: Props) -> Iterator[str]:
    encrypted = [name for _, name in find(props, "encryptionConfig.resources[*]")]
    if "secrets" not in encrypted:
        yield f"encryptionConfig.resources: secrets are not encrypted; got {format_value(encrypted)}; expected secrets"


def _check_log_types(props: Props) -> Iterator[str]:
    enabled = [name for _, name in find(props, "enabledClusterLogTypes[*]")]
    if missing := [name for name in _LOGS if name not in enabled]:
        yield (
            f"enabledClusterLogTypes: log types are missing; got {format_value(enabled)}; expected also "
            f"{', '.join(missing)}"
        )


def _check_addons(cluster: Resource, stack: Stack) -> Iterator[str]:
    present = {
        resource.props.get("addonName") for resource in referrers(cluster, stack, (ADDON,), "clusterName", by="name")
    }
    missing = [name for name in _ADDONS if name not in present]
    # EKS Auto Mode manages these add-ons together with the machines.
    if missing and (cluster.inputs.get("computeConfig") or {}).get("enabled") is not True:
        yield f"name: add-ons are not managed; got no Addon for {', '.join(missing)}; expected one for each"


def _check_budget(cluster: Resource, stack: Stack) -> Iterator[str]:
    del cluster
    if not exists(stack.of_type(BUDGET), lambda resource: resource.props.get("budgetType") == "COST"):
        yield "name: no budget covers the cluster's machines; got no Budget of type COST; expected at least one"


def _is_cluster_administrator(association: Resource) -> bool:
    is_cluster_wide = association.props["accessScope"]["type"] == "cluster"
    return is_cluster_wide and str(association.props["policyArn"]).endswith("/AmazonEKSClusterAdminPolicy")


def _check_administrators(cluster: Resource, stack: Stack) -> Iterator[str]:
    associations = referrers(cluster, stack, (ACCESS_POLICY,), "clusterName", by="name")
    if (count := sum(map(_is_cluster_administrator, associations))) > _MAXIMUM_ADMINISTRATORS:
        yield (
            f"name: too many identities administer the cluster; got {count}; expected at most {_MAXIMUM_ADMINISTRATORS}"
        )


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-eks-cluster-deny-open-api",
        types=(CLUSTER,),
        severity=Severity.CRITICAL,
        absent=Absence.DENY,
        why="A vulnerability in the API server or a leaked token can be exploited from anywhere.",
        remedy="Set vpcConfig.endpointPublicAccess: false, or name the ranges in publicAccessCidrs.",
        reference=_GUIDE + "cluster-endpoint.html",
        check=_check_public_endpoint,
    ),
    Rule(
        id="aws-eks-cluster-require-private-endpoint",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without a private endpoint, traffic between nodes and the API uses the public address.",
        remedy="Set vpcConfig.endpointPrivateAccess: true.",
        reference=_GUIDE + "cluster-endpoint.html",
        check=must_be("vpcConfig.endpointPrivateAccess", True),
    ),
    Rule(
        id="aws-eks-cluster-require-secrets-encryption",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without a key of the account, access to the secrets cannot be revoked by disabling the key.",
        remedy="Add encryptionConfig with resources: [secrets] and a key.",
        reference=_GUIDE + "envelope-encryption.html",
        check=_check_secrets_encryption,
    ),
    Rule(
        id="aws-eks-cluster-require-logs",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The control plane keeps no logs by default, so actions in the cluster cannot be investigated later.",
        remedy=f"Set enabledClusterLogTypes to {', '.join(_LOGS)}.",
        reference=_GUIDE + "control-plane-logs.html",
        check=_check_log_types,
    ),
    Rule(
        id="aws-eks-cluster-match-access-entries",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The aws-auth ConfigMap decides on access: one wrong edit creates an administrator or locks out all users.",
        remedy="Set accessConfig.authenticationMode: API.",
        reference=_GUIDE + "access-entries.html",
        check=must_be("accessConfig.authenticationMode", "API"),
    ),
    Rule(
        id="aws-eks-cluster-deny-creator-administrator",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="The creator stays cluster administrator permanently, and no access list shows it.",
        remedy="Set accessConfig.bootstrapClusterCreatorAdminPermissions: false, and add access entries.",
        reference=_GUIDE + "access-entries.html",
        check=must_be("accessConfig.bootstrapClusterCreatorAdminPermissions", False),
    ),
    Rule(
        id="aws-eks-cluster-pin-version",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without a version, the same program creates different Kubernetes versions on different days.",
        remedy="Set version to a minor version such as 1.33.",
        reference=_GUIDE + "kubernetes-versions.html",
        check=must_match("version", r"1\.\d{2}", "a minor version such as 1.33"),
    ),
    Rule(
        id="aws-eks-cluster-match-standard-support",
        types=(CLUSTER,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A version that is not upgraded moves to extended support at six times the price.",
        remedy="Set upgradePolicy.supportType: STANDARD.",
        reference=_GUIDE + "kubernetes-versions.html",
        check=must_be("upgradePolicy.supportType", "STANDARD"),
    ),
    Rule(
        id="aws-eks-cluster-require-deletion-protection",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        production_only=True,
        why="One API call can delete the cluster and its workloads. Stacks outside production are meant to be deleted.",
        remedy="Set deletionProtection: true.",
        reference=_GUIDE + "delete-cluster.html",
        check=must_be("deletionProtection", True),
    ),
    StackRule(
        id="aws-eks-cluster-require-addons",
        types=(CLUSTER,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Built-in networking and DNS components stay at the version of the cluster's creation.",
        remedy=f"Add an Addon for each of {', '.join(_ADDONS)}.",
        reference=_GUIDE + "eks-add-ons.html",
        check=_check_addons,
    ),
    StackRule(
        id="aws-eks-cluster-require-budget",
        types=(CLUSTER,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Without a budget, a runaway autoscaler is first noticed on the invoice.",
        remedy="Add a Budget with budgetType: COST and a notification.",
        reference="https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-managing-costs.html",
        check=_check_budget,
    ),
    StackRule(
        id="aws-eks-cluster-limit-administrators",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="A cluster administrator can read every secret in the cluster.",
        remedy=(
            "Reduce the AmazonEKSClusterAdminPolicy associations to deployment and emergency roles. Give other roles "
            "a narrower policyArn."
        ),
        reference=_GUIDE + "access-policies.html",
        check=_check_administrators,
    ),
)
