"""Locations and the texts that Azure accepts."""

from __future__ import annotations

from typing import Final

from pouw.engine.plugins.offline.formats import matching
from pouw.engine.plugins.offline.settings import Settings

_NAMES: Final = """
    australiacentral australiacentral2 australiaeast australiasoutheast austriaeast belgiumcentral brazilsouth
    brazilsoutheast canadacentral canadaeast centralindia centralus chilecentral denmarkeast eastasia eastus eastus2
    francecentral francesouth germanynorth germanywestcentral global indonesiacentral israelcentral italynorth
    japaneast japanwest jioindiacentral jioindiawest koreacentral koreasouth malaysiawest mexicocentral
    newzealandnorth northcentralus northeurope norwayeast norwaywest polandcentral qatarcentral southafricanorth
    southafricawest southcentralus southindia southeastasia spaincentral swedencentral swedensouth switzerlandnorth
    switzerlandwest uaecentral uaenorth uksouth ukwest westcentralus westeurope westindia westus westus2 westus3
    chinaeast chinaeast2 chinaeast3 chinanorth chinanorth2 chinanorth3 usgovarizona usgovtexas usgovvirginia
"""
LOCATIONS: Final = frozenset(_NAMES.split())


def location(value: str, settings: Settings) -> str:
    """A location, as its name or as its title."""
    del settings
    return "" if value.lower().replace(" ", "") in LOCATIONS else "must be a location of Azure such as westeurope"


guid = matching(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "a GUID")
arm_id = matching(r"/[^/].*", "a resource ID: /subscriptions/...")
