"""The settings of a site on Azure."""

from __future__ import annotations

from typing import ClassVar, Literal

from infra.azure.regions import ZONES
from infra.settings.site import Budget, ManagedSite, PodNetwork
from infra.settings.values import DdosPlan, FirstOfMonth, Uuid


class AzureNetwork(PodNetwork):
    """The network of a site on Azure."""

    ddos_plan: DdosPlan | None = None
    """Plan of DDoS protection that the network joins. One plan serves all networks of a tenant at one price, so the
    stack never creates one."""


class AzureBudget(Budget):
    """The budget of a site on Azure."""

    since: FirstOfMonth
    """First day of the month in which the site is created, such as 2026-11-01. Azure counts from that day."""


class AzureSite(ManagedSite):
    """One AKS cluster in one region of Azure."""

    title: ClassVar = "Azure"
    regions: ClassVar = ZONES

    cloud: Literal["azure"]
    """Cloud of the site. The value `kubernetes` means any existing cluster."""
    account: Uuid
    """Azure subscription of the site. `up` refuses credentials of another one."""
    tenant: Uuid
    """Directory (tenant) of the subscription, a UUID."""
    network: AzureNetwork = AzureNetwork()
    """The network of the site."""
    budget: AzureBudget | None = None
    """The budget of the site; required in production."""
