"""The monthly budget of the site's account."""

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
"""Mail addresses that AWS accepts per budget. Further contacts get the message through the alarm channel."""
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

    It has no filter by the site's tags: AWS ignores a tag until it is activated in the billing account, and a budget
    with such a filter would see no cost.
    """

    budget: pulumi.Output[str]

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context = args.context
        if context.site.budget is None:
            raise ValueError(f"site {context.site.name}: a Budget needs settings; got none; expected site.budget")
        budget = CostBudget(
            f"{name}-monthly",
            name=physical_names.compose_name("budget", context),
            account_id=physical_names.account(context),
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(context.site.budget.monthly),
            limit_unit="USD",
            notifications=[notification(*threshold, args) for threshold in _THRESHOLDS],
            tags=context.tags,
            opts=self.child(),
        )
        self.publish(budget=budget.name)


def notification(kind: str, percent: int, args: BudgetArgs) -> dict[str, Any]:
    """Return the recipients of the message that cost of this kind exceeds ``percent`` of the limit."""
    return {
        "comparison_operator": "GREATER_THAN",
        "notification_type": kind,
        "threshold": percent,
        "threshold_type": "PERCENTAGE",
        "subscriber_email_addresses": list(args.contacts[:_MAIL_ADDRESSES]),
        "subscriber_sns_topic_arns": [args.alarms.channel],
    }
