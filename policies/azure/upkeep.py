"""How clusters on Azure are kept: their version, when they are upgraded, what they are promised and what they cost."""

from __future__ import annotations

from collections.abc import Iterator

from policies.azure.clusters import CLUSTER
from policies.azure.relations import must_have
from policies.checks import exists, must_be, must_match
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity, StackRule
from policies.stack import Resource, Stack

MAINTENANCE = "azure-native:containerservice:MaintenanceConfiguration"
BUDGET = "azure-native:consumption:Budget"

_GUIDE = "https://learn.microsoft.com/en-us/azure/aks/"


def _has_budget(cluster: Resource, stack: Stack) -> Iterator[str]:
    del cluster
    if not exists(stack.of(BUDGET), lambda one: one.props.get("category") == "Cost"):
        yield "resourceName: no budget watches what its machines cost"


def _is_weekly(props: Props) -> bool:
    return bool(props.get("maintenanceWindow") or props.get("timeInWeek"))


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="azure-aks-cluster-require-upgrades",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="A control plane that nobody upgrades falls out of support with its known holes.",
        remedy="Set autoUpgradeProfile.upgradeChannel: patch or stable.",
        reference=_GUIDE + "auto-upgrade-cluster",
        check=must_be("autoUpgradeProfile.upgradeChannel", "patch", "stable", "rapid", "node-image"),
    ),
    Rule(
        id="azure-aks-cluster-require-node-upgrades",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Fixes of the operating system reach the machines when somebody thinks of it.",
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
        why="The cloud upgrades when it likes, in the busiest hour of the week, too.",
        remedy="Add a MaintenanceConfiguration with a maintenanceWindow.",
        reference=_GUIDE + "planned-maintenance",
        check=must_have(
            (MAINTENANCE,), "resourceName", "no maintenance window is its own", by="resourceName", holds=_is_weekly
        ),
    ),
    Rule(
        id="azure-aks-cluster-pin-version",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Two stacks of one program get different versions of Kubernetes, depending on the day.",
        remedy="Set kubernetesVersion to a minor version such as 1.33.",
        reference=_GUIDE + "supported-kubernetes-versions",
        check=must_match("kubernetesVersion", r"1\.\d{2}(\.\d+)?", "a version such as 1.33"),
    ),
    Rule(
        id="azure-aks-cluster-require-uptime",
        types=(CLUSTER,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The free control plane is promised to nobody, and gives way when many nodes ask at once.",
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
        why="What is changed on the machines by hand is undone by the next upgrade, or breaks it.",
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
        why="A scaler that runs away is noticed with the bill.",
        remedy="Add a Budget of category Cost with notifications.",
        reference="https://learn.microsoft.com/en-us/azure/cost-management-billing/costs/tutorial-acm-create-budgets",
        check=_has_budget,
    ),
)
