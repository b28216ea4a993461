"""Cases of ``policies.azure.maintenance``."""

from __future__ import annotations

from typing import Any

from policies.azure.maintenance import BUDGET as BUDGET_TYPE
from policies.azure.maintenance import MAINTENANCE, RULES
from tests.policies import tables
from tests.policies.analyzer import Declaration
from tests.policies.azure.fixtures import BUDGET, CLUSTER, WINDOW
from tests.policies.contract import Case

_make = tables.of(RULES)


def _case(rule: str, path: str, broken_value: Any, **fields: Any) -> Case:
    return _make(f"azure-aks-cluster-{rule}", CLUSTER, path, broken_value, **fields)


_WINDOW = Declaration(type=MAINTENANCE, name="window", props=WINDOW)
_BUDGET = Declaration(type=BUDGET_TYPE, name="budget", props=BUDGET)

CASES = [
    _case("require-upgrades", "autoUpgradeProfile.upgradeChannel", "none"),
    _case("require-node-upgrades", "autoUpgradeProfile.nodeOSUpgradeChannel", "Unmanaged"),
    _case("require-window", "resourceName", "other", related=(_WINDOW,), broken_related="window"),
    _case("pin-version", "kubernetesVersion", "latest"),
    _case("require-uptime", "sku.tier", "Free"),
    _case("deny-machine-edits", "nodeResourceGroupProfile.restrictionLevel", "Unrestricted"),
    _case("require-budget", "category", "Usage", related=(_BUDGET,), broken_related="budget"),
]  # fmt: skip
