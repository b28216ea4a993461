"""What the site's account may cost a month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_aws.budgets.budget import Budget as CostBudget

from infra.aws import physical_names
from infra.aws.alarms import Alarms
from infra.aws.keys import Keys
from infra.component import Component
from infra.contracts import SiteContext

_MAIL_ADDRESSES: Final = 10
"""Mail addresses that a budget tells at most; further ones hear of it through the alarm channel."""
_THRESHOLDS: Final = (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))


@dataclass(frozen=True, kw_only=True)
class BudgetArgs:
    """The budget of a site whose settings have one."""

    context: SiteContext
    keys: Keys
    alarms: Alarms
    contacts: Sequence[str]


class Budget(Component, token="pouw:aws:Budget"):
    """A monthly budget over the whole account. Output: ``budget``, its name.

    It is not narrowed to the site's tags: AWS counts a tag only once somebody has activated it in the billing account,
    and until then such a budget sees no cost and stays silent.
    """

    budget: pulumi.Output[str]

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context = args.context
        if context.site.budget is None:
            raise ValueError(f"site {context.site.name}: has no budget in its settings")
        made = CostBudget(
            f"{name}-monthly",
            name=physical_names.named("budget", context),
            account_id=physical_names.account(context),
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(context.site.budget.monthly),
            limit_unit="USD",
            notifications=[notification(*threshold, args) for threshold in _THRESHOLDS],
            tags=context.tags,
            opts=self.child(),
        )
        self.publish(budget=made.name)


def notification(kind: str, percent: int, args: BudgetArgs) -> dict[str, Any]:
    """Who is told when cost of this kind passes ``percent`` of the limit."""
    return {
        "comparison_operator": "GREATER_THAN",
        "notification_type": kind,
        "threshold": percent,
        "threshold_type": "PERCENTAGE",
        "subscriber_email_addresses": list(args.contacts[:_MAIL_ADDRESSES]),
        "subscriber_sns_topic_arns": [args.alarms.channel],
    }
