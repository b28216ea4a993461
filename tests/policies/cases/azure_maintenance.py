"""Cases of ``policies.azure.maintenance``."""

from __future__ import annotations

from typing import Any

from policies.azure.maintenance import BUDGET as BUDGET_TYPE
from policies.azure.maintenance import MAINTENANCE, RULES
from tests.policies import tables
from tests.policies.analyzer import Given
from tests.policies.azure.fixtures import BUDGET, CLUSTER, WINDOW
from tests.policies.contract import Case

_make = tables.of(RULES)


def _case(rule: str, at: str, broken: Any, **fields: Any) -> Case:
    return _make(f"azure-aks-cluster-{rule}", CLUSTER, at, broken, **fields)


_WINDOW = Given(type=MAINTENANCE, name="window", props=WINDOW)
_BUDGET = Given(type=BUDGET_TYPE, name="budget", props=BUDGET)

CASES = [
    _case("require-upgrades", "autoUpgradeProfile.upgradeChannel", "none"),
    _case("require-node-upgrades", "autoUpgradeProfile.nodeOSUpgradeChannel", "Unmanaged"),
    _case("require-window", "resourceName", "other", others=(_WINDOW,), broken_other="window"),
    _case("pin-version", "kubernetesVersion", "latest"),
    _case("require-uptime", "sku.tier", "Free"),
    _case("deny-machine-edits", "nodeResourceGroupProfile.restrictionLevel", "Unrestricted"),
    _case("require-budget", "category", "Usage", others=(_BUDGET,), broken_other="budget"),
]  # fmt: skip
