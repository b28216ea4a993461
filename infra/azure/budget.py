"""The monthly budget of a site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native.consumption.budget import Budget as ConsumptionBudget

from infra.azure.alarms import Alarms
from infra.azure.keys import Keys
from infra.azure.physical_names import (
    compose_name,
    copy_of,
    group_name,
    machines_group_name,
    subscription,
)
from infra.azure.settings import AzureBudget, AzureSite
from infra.component import Component
from infra.contracts import SiteContext


@dataclass(frozen=True, kw_only=True)
class BudgetArgs:
    """The budget of a site whose settings have one."""

    context: SiteContext[AzureSite]
    keys: Keys
    alarms: Alarms
    contacts: Sequence[str]


class Budget(Component, token="pouw:azure:Budget"):
    """A budget of the site's resource groups, including that of its machines. Output: ``budget``, its id."""

    budget: pulumi.Output[str]

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context, settings = args.context, args.context.site.budget
        if settings is None:
            raise ValueError(f"site {context.site.name}: a Budget needs settings; got none; expected site.budget")
        budget = ConsumptionBudget(
            f"{name}-budget",
            scope=subscription(context),
            budget_name=compose_name(context, "consumption:Budget"),
            category="Cost",
            time_grain="Monthly",
            opts=self.child(),
            **limits(settings),
            filter={"dimensions": {"name": "ResourceGroupName", "operator": "In", "values": groups(context)}},
            notifications=notifications(args.contacts, args.alarms.channel),
        )
        self.publish(budget=budget.id)


def limits(settings: AzureBudget) -> dict[str, Any]:
    """Return the amount, and the month in which the budget begins."""
    return {"amount": float(settings.monthly), "time_period": {"startDate": f"{settings.since}T00:00:00Z"}}


def groups(context: SiteContext[AzureSite]) -> list[str]:
    """Return the resource groups of a site; the third, in another region, holds the copy of its backups."""
    return [group_name(context), machines_group_name(context), group_name(copy_of(context))]


def notifications(contacts: Sequence[str], alarms: pulumi.Input[str]) -> dict[str, Any]:
    """Return the notifications: at 80 % and 100 % of actual cost, and at 100 % of forecast cost."""
    return {
        name: {
            "enabled": True,
            "operator": "GreaterThanOrEqualTo",
            "threshold": threshold,
            "thresholdType": kind,
            "contactEmails": list(contacts),
            "contactGroups": [alarms],
        }
        for name, threshold, kind in (
            ("actual80", 80.0, "Actual"),
            ("actual100", 100.0, "Actual"),
            ("forecast100", 100.0, "Forecasted"),
        )
    }
