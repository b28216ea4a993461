"""The monthly budget of the site's project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_gcp.billing.budget import Budget as BillingBudget

from infra.component import Component
from infra.contracts import SiteContext
from infra.gcp import physical_names
from infra.gcp.alarms import Alarms
from infra.gcp.keys import Keys
from infra.gcp.settings import GcpBudget, GcpSite

CHANNELS: Final = 5
"""Notification channels that Google accepts per budget."""


@dataclass(frozen=True, kw_only=True)
class BudgetArgs:
    """The budget of a site whose settings have one."""

    context: SiteContext[GcpSite]
    keys: Keys
    alarms: Alarms
    contacts: Sequence[str]


class Budget(Component, token="pouw:gcp:Budget"):
    """A budget of the site's project. Output: ``budget``, its id."""

    budget: pulumi.Output[str]

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context, settings = args.context, args.context.site.budget
        if settings is None:
            raise ValueError(f"site {context.site.name}: a Budget needs settings; got none; expected site.budget")
        budget = BillingBudget(
            f"{name}-budget",
            billing_account=settings.billing_account,
            display_name=physical_names.compose_name("sink", context),
            # Google returns the project's number; an id would show a difference in every preview.
            budget_filter={
                "projects": [pulumi.Output.concat("projects/", args.keys.number)],
                "calendar_period": "MONTH",
                "credit_types_treatment": "INCLUDE_ALL_CREDITS",
            },
            **limit(settings),
            all_updates_rule={
                "monitoring_notification_channels": args.alarms.channels.apply(lambda channels: channels[:CHANNELS]),
                "disable_default_iam_recipients": False,
            },
            opts=self.child(),
        )
        self.publish(budget=budget.id)


def limit(settings: GcpBudget) -> dict[str, Any]:
    """Return the amount, and the shares of it that send a message."""
    shares = ((0.8, "CURRENT_SPEND"), (1.0, "CURRENT_SPEND"), (1.0, "FORECASTED_SPEND"))
    return {
        "amount": {"specified_amount": {"units": str(settings.monthly)}},
        "threshold_rules": [{"threshold_percent": share, "spend_basis": basis} for share, basis in shares],
    }
