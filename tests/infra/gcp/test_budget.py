"""Budgets."""

from __future__ import annotations

from collections.abc import Sequence

from infra.gcp.budget import CHANNELS
from tests.infra.clouds import kind
from tests.infra.gcp.declared import declared, settings
from tests.infra.recorder import Recorded


def test_the_budget_counts_the_sites_project_by_its_number(found: Sequence[Recorded]) -> None:
    [budget] = kind(found, "Budget")
    assert budget.inputs["billingAccount"] == "012345-6789AB-CDEF01"
    assert budget.inputs["budgetFilter"]["projects"] == ["projects/123456789012"]
    assert budget.inputs["amount"] == {"specifiedAmount": {"units": "4000"}}


def test_a_budget_tells_no_more_contacts_than_google_lets_it() -> None:
    many = [f"contact-{index}@example.org" for index in range(CHANNELS + 2)]
    [budget] = kind(declared(settings(contacts=many)), "Budget")
    assert len(budget.inputs["allUpdatesRule"]["monitoringNotificationChannels"]) == CHANNELS


def test_a_staging_site_without_a_budget_has_none() -> None:
    assert kind(declared(settings({"budget": None}, environment="staging")), "Budget") == []
