"""Budgets."""

from __future__ import annotations

from collections.abc import Sequence

from infra.gcp.budget import CHANNELS
from tests.infra.clouds import kind
from tests.infra.gcp.compliant_site import record_site, settings
from tests.infra.recorder import Recorded


def test_the_budget_counts_the_sites_project_by_its_number(resources: Sequence[Recorded]) -> None:
    [budget] = kind(resources, "Budget")
    assert budget.inputs["billingAccount"] == "012345-6789AB-CDEF01"
    assert budget.inputs["budgetFilter"]["projects"] == ["projects/123456789012"]
    assert budget.inputs["amount"] == {"specifiedAmount": {"units": "4000"}}


def test_a_budget_notifies_at_most_the_channels_that_google_permits(many_contacts: Sequence[Recorded]) -> None:
    [budget] = kind(many_contacts, "Budget")
    assert len(budget.inputs["allUpdatesRule"]["monitoringNotificationChannels"]) == CHANNELS


def test_a_staging_site_without_a_budget_has_none() -> None:
    assert kind(record_site(settings({"budget": None}, environment="staging"), edge=False), "Budget") == []
