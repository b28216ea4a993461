"""Rules about the maintenance of AKS clusters: versions, upgrades, service level and budget."""

from __future__ import annotations

from collections.abc import Iterator

from policies.azure.clusters import CLUSTER
from policies.azure.references import must_have
from policies.checks import exists, must_be, must_match
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

MAINTENANCE = "azure-native:containerservice:MaintenanceConfiguration"
BUDGET = "azure-native:consumption:Budget"

_GUIDE = "https://learn.microsoft.com/en-us/azure/aks/"


def _check_budget(cluster: Resource, stack: Stack) -> Iterator[str]:
    del cluster
    if not exists(stack.of_type(BUDGET), lambda resource: resource.props.get("category") == "Cost"):
        yield (
            "resourceName: no budget covers the cluster's machines; got no Budget of category Cost; expected at least "
            "one"
        )


def _is_weekly(props: Props) -> bool:
    return bool(props.get("maintenanceWindow") or props.get("timeInWeek"))


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-aks-cluster-require-upgrades",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A control plane without upgrades loses support and keeps known vulnerabilities.",
        remedy="Set autoUpgradeProfile.upgradeChannel: patch or stable.",
        reference=_GUIDE + "auto-upgrade-cluster",
        check=must_be("autoUpgradeProfile.upgradeChannel", "patch", "stable", "rapid", "node-image"),
    ),
    Rule(
        id="azure-aks-cluster-require-node-upgrades",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without automatic upgrades, security patches of the operating system arrive late or never.",
        remedy="Set autoUpgradeProfile.nodeOSUpgradeChannel: NodeImage or SecurityPatch.",
        reference=_GUIDE + "auto-upgrade-node-os-image",
        check=must_be("autoUpgradeProfile.nodeOSUpgradeChannel", "NodeImage", "SecurityPatch"),
    ),
    StackRule(
        id="azure-aks-cluster-require-window",
        types=(CLUSTER,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Azure upgrades at any time, including the busiest hour of the week.",
        remedy="Add a MaintenanceConfiguration with a maintenanceWindow.",
        reference=_GUIDE + "planned-maintenance",
        check=must_have(
            (MAINTENANCE,),
            "resourceName",
            "upgrades may run at any time; got no MaintenanceConfiguration with a window; expected one",
            by="resourceName",
            holds=_is_weekly,
        ),
    ),
    Rule(
        id="azure-aks-cluster-pin-version",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without a version, the same program creates different Kubernetes versions on different days.",
        remedy="Set kubernetesVersion to a minor version such as 1.33.",
        reference=_GUIDE + "supported-kubernetes-versions",
        check=must_match("kubernetesVersion", r"1\.\d{2}(\.\d+)?", "a version such as 1.33"),
    ),
    Rule(
        id="azure-aks-cluster-require-uptime",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The free control plane has no service-level agreement and slows down with many nodes.",
        remedy="Set sku.tier: Standard or Premium.",
        reference=_GUIDE + "free-standard-pricing-tiers",
        check=must_be("sku.tier", "Standard", "Premium"),
    ),
    Rule(
        id="azure-aks-cluster-deny-machine-edits",
        types=(CLUSTER,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="The next upgrade reverts manual changes on machines, or fails because of them.",
        remedy="Set nodeResourceGroupProfile.restrictionLevel: ReadOnly.",
        reference=_GUIDE + "node-resource-group-lockdown",
        check=must_be("nodeResourceGroupProfile.restrictionLevel", "ReadOnly"),
    ),
    StackRule(
        id="azure-aks-cluster-require-budget",
        types=(CLUSTER,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Without a budget, a runaway autoscaler is first noticed on the invoice.",
        remedy="Add a Budget with category: Cost and notifications.",
        reference="https://learn.microsoft.com/en-us/azure/cost-management-billing/costs/tutorial-acm-create-budgets",
        check=_check_budget,
    ),
)
