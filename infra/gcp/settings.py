"""The settings of a site on Google Cloud."""

from __future__ import annotations

from typing import ClassVar, Literal

from infra.gcp.regions import ZONES
from infra.settings.site import Budget, ManagedSite, PodNetwork
from infra.settings.values import BillingAccount, GcpProject


class GcpBudget(Budget):
    """The budget of a site on Google Cloud."""

    billing_account: BillingAccount
    """Billing account that the budget belongs to."""


class GcpSite(ManagedSite):
    """One GKE cluster in one region of Google Cloud."""

    title: ClassVar = "GCP"
    regions: ClassVar = ZONES

    cloud: Literal["gcp"]
    """Cloud of the site. The value `kubernetes` means any existing cluster."""
    account: GcpProject
    """GCP project of the site. `up` refuses credentials of another one."""
    network: PodNetwork = PodNetwork()
    """The network of the site."""
    budget: GcpBudget | None = None
    """The budget of the site; required in production."""
