"""Kubernetes clusters on AWS: who reaches the API, who is known to it, and what it tells."""

from __future__ import annotations

from collections.abc import Iterator

from policies.aws.relations import about
from policies.checks import MISSING, exists, find, must_be, must_match
from policies.openings import is_anybody
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

CLUSTER = "aws:eks/cluster:Cluster"
ADDON = "aws:eks/addon:Addon"
ACCESS_POLICY = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
BUDGET = "aws:budgets/budget:Budget"

_GUIDE = "https://docs.aws.amazon.com/eks/latest/userguide/"
_LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")
_MOST_ADMINISTRATORS = 2
"""Who deploys needs all of it, and somebody has to get in when that is broken."""
_ADDONS = ("coredns", "kube-proxy", "vpc-cni")


def _is_open_to_all(props: Props) -> Iterator[str]:
    network = props["vpcConfig"]
    if network.get("endpointPublicAccess") is False:
        return
    for at, cidr in find(network, "publicAccessCidrs[*]"):
        if cidr is MISSING:
            yield "vpcConfig.publicAccessCidrs: is missing, and the API is open to 0.0.0.0/0"
        elif is_anybody(cidr):
            yield f"vpcConfig.{at}: the API is open to {cidr}"


def _encrypts_secrets(props: Props) -> Iterator[str]:
    encrypted = [name for _, name in find(props, "encryptionConfig.resources[*]")]
    if "secrets" not in encrypted:
        yield "encryptionConfig.resources: does not name secrets"


def _keeps_logs(props: Props) -> Iterator[str]:
    kept = [name for _, name in find(props, "enabledClusterLogTypes[*]")]
    if missing := [name for name in _LOGS if name not in kept]:
        yield f"enabledClusterLogTypes: lacks {', '.join(missing)}"


def _has_addons(cluster: Resource, stack: Stack) -> Iterator[str]:
    present = {one.props.get("addonName") for one in about(cluster, stack, (ADDON,), "clusterName", by="name")}
    missing = [name for name in _ADDONS if name not in present]
    # AWS brings these itself where it brings the machines, too.
    if missing and (cluster.inputs.get("computeConfig") or {}).get("enabled") is not True:
        yield f"name: nobody keeps {', '.join(missing)} up to date"


def _has_budget(cluster: Resource, stack: Stack) -> Iterator[str]:
    del cluster
    if not exists(stack.of(BUDGET), lambda one: one.props.get("budgetType") == "COST"):
        yield "name: no budget watches what its machines cost"


def _administers_everything(right: Resource) -> bool:
    whole = right.props["accessScope"]["type"] == "cluster"
    return whole and str(right.props["policyArn"]).endswith("/AmazonEKSClusterAdminPolicy")


def _has_many_administrators(cluster: Resource, stack: Stack) -> Iterator[str]:
    rights = about(cluster, stack, (ACCESS_POLICY,), "clusterName", by="name")
    if (count := sum(map(_administers_everything, rights))) > _MOST_ADMINISTRATORS:
        yield f"name: {count} identities administer all of it, and no more than {_MOST_ADMINISTRATORS} need to"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-eks-cluster-deny-open-api",
        types=(CLUSTER,),
        severity=Severity.CRITICAL,
        absent=Absence.DENY,
        why="The next hole in the API server, or one leaked token, is used from anywhere.",
        remedy="Set vpcConfig.endpointPublicAccess: false, or name the ranges in publicAccessCidrs.",
        reference=_GUIDE + "cluster-endpoint.html",
        check=_is_open_to_all,
    ),
    Rule(
        id="aws-eks-cluster-require-private-endpoint",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Without it, what the nodes say to the API goes by its public address.",
        remedy="Set vpcConfig.endpointPrivateAccess: true.",
        reference=_GUIDE + "cluster-endpoint.html",
        check=must_be("vpcConfig.endpointPrivateAccess", True),
    ),
    Rule(
        id="aws-eks-cluster-require-secrets-encryption",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="Secrets under a key that is not the account's own cannot be taken out of reach by taking the key away.",
        remedy="Add encryptionConfig with resources: [secrets] and a key.",
        reference=_GUIDE + "envelope-encryption.html",
        check=_encrypts_secrets,
    ),
    Rule(
        id="aws-eks-cluster-require-logs",
        types=(CLUSTER,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="The control plane keeps no log by default, and who did what in the cluster cannot be found out later.",
        remedy=f"Set enabledClusterLogTypes to {', '.join(_LOGS)}.",
        reference=_GUIDE + "control-plane-logs.html",
        check=_keeps_logs,
    ),
    Rule(
        id="aws-eks-cluster-match-access-entries",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The old map of users is a ConfigMap: one edit makes an administrator, or locks everybody out.",
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
        why="Whoever created the cluster administers it for ever, and no list shows it.",
        remedy="Set accessConfig.bootstrapClusterCreatorAdminPermissions: false, and add access entries.",
        reference=_GUIDE + "access-entries.html",
        check=must_be("accessConfig.bootstrapClusterCreatorAdminPermissions", False),
    ),
    Rule(
        id="aws-eks-cluster-pin-version",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Two stacks of one program get different versions of Kubernetes, depending on the day.",
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
        why="A version that is forgotten stays in extended support at six times the price.",
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
        why="One call deletes the cluster with all that runs on it; elsewhere a stack is meant to be taken down.",
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
        why="Networking and names that came with the cluster stay as old as the day it was made.",
        remedy=f"Declare an Addon each for {', '.join(_ADDONS)}.",
        reference=_GUIDE + "eks-add-ons.html",
        check=_has_addons,
    ),
    StackRule(
        id="aws-eks-cluster-require-budget",
        types=(CLUSTER,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A scaler that runs away is noticed with the bill.",
        remedy="Add a Budget of type COST with a notification.",
        reference="https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-managing-costs.html",
        check=_has_budget,
    ),
    StackRule(
        id="aws-eks-cluster-limit-administrators",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="Whoever administers the whole cluster reads every secret in it.",
        remedy="Name who deploys and who gets in when that fails; give others a narrower policy, or namespaces.",
        reference=_GUIDE + "access-policies.html",
        check=_has_many_administrators,
    ),
)
