"""Cases of ``policies.aws.clusters``."""

from __future__ import annotations

from typing import Any

from policies.aws.clusters import ACCESS_POLICY, ADDON, BUDGET, RULES
from tests.policies import tables
from tests.policies.analyzer import Declaration

_case = tables.of(RULES)


def cluster() -> dict[str, Any]:
    """Return a compliant cluster."""
    return {
        "name": "primary",
        "version": "1.33",
        "vpcConfig": {
            "endpointPrivateAccess": True,
            "endpointPublicAccess": True,
            "publicAccessCidrs": ["203.0.113.0/24"],
        },
        "encryptionConfig": {"resources": ["secrets"]},
        "enabledClusterLogTypes": ["api", "audit", "authenticator", "controllerManager", "scheduler"],
        "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
        "upgradePolicy": {"supportType": "STANDARD"},
        "deletionProtection": True,
    }


_ADDONS = tuple(
    Declaration(type=ADDON, name=name, props={"addonName": name, "clusterName": "primary"})
    for name in ("coredns", "kube-proxy", "vpc-cni")
)
_BUDGET = Declaration(type=BUDGET, name="budget", props={"budgetType": "COST"})
_COMPLIANT = {
    "clusterName": "primary",
    "accessScope": {"type": "cluster"},
    "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
}
_RIGHTS = (
    Declaration(type=ACCESS_POLICY, name="deployer", props=_COMPLIANT),
    Declaration(type=ACCESS_POLICY, name="on-call", props=_COMPLIANT),
    Declaration(
        type=ACCESS_POLICY,
        name="team",
        props={**_COMPLIANT, "accessScope": {"type": "namespace", "namespaces": ["pouw-system"]}},
    ),
)
_OPEN_API = "aws-eks-cluster-deny-open-api"
_LOGS = "aws-eks-cluster-require-logs"
_WITHOUT = "aws-eks-cluster-require-addons"

CASES = [
    _case(_OPEN_API, cluster(), "vpcConfig.publicAccessCidrs[0]", "0.0.0.0/0"),
    _case(_OPEN_API, {"vpcConfig": {"endpointPublicAccess": False}}, "vpcConfig.endpointPublicAccess", True),
    _case("aws-eks-cluster-require-private-endpoint", cluster(), "vpcConfig.endpointPrivateAccess", False),
    _case("aws-eks-cluster-require-secrets-encryption", cluster(), "encryptionConfig.resources", []),
    _case(_LOGS, cluster(), "enabledClusterLogTypes", ["api", "audit"]),
    _case(_LOGS, cluster(), "enabledClusterLogTypes[1]", "api", absent_path="enabledClusterLogTypes[4]"),
    _case("aws-eks-cluster-match-access-entries", cluster(), "accessConfig.authenticationMode", "CONFIG_MAP"),
    _case("aws-eks-cluster-deny-creator-administrator", cluster(),
          "accessConfig.bootstrapClusterCreatorAdminPermissions", True),
    _case("aws-eks-cluster-pin-version", cluster(), "version", "latest"),
    _case("aws-eks-cluster-match-standard-support", cluster(), "upgradePolicy.supportType", "EXTENDED"),
    _case("aws-eks-cluster-require-deletion-protection", cluster(), "deletionProtection", False),
    _case(_WITHOUT, cluster(), "addonName", "other", related=_ADDONS, broken_related="coredns"),
    _case(_WITHOUT, cluster(), "clusterName", "other", related=_ADDONS, broken_related="vpc-cni",
        absent_path="addonName"),
    _case(_WITHOUT, {"name": "primary", "computeConfig": {"enabled": True}}, "computeConfig.enabled", False),
    _case("aws-eks-cluster-require-budget", cluster(), "budgetType", "USAGE", related=(_BUDGET,),
          broken_related="budget"),
    _case("aws-eks-cluster-limit-administrators", cluster(), "accessScope.type", "cluster", related=_RIGHTS,
          broken_related="team", absent_path="accessScope.namespaces"),
]  # fmt: skip
