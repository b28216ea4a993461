"""Locations and the texts that Azure accepts."""

from __future__ import annotations

from typing import Final

from infra.azure import regions
from pouw.engine.plugins.offline.cloud_description import Mismatch
from pouw.engine.plugins.offline.formats import matching
from pouw.engine.plugins.offline.settings import Settings

_OTHER_LOCATIONS: Final = """
    australiacentral australiacentral2 australiasoutheast austriaeast belgiumcentral brazilsoutheast canadaeast
    chilecentral chinaeast chinaeast2 chinaeast3 chinanorth chinanorth2 chinanorth3 denmarkeast francesouth
    germanynorth global indonesiacentral japanwest jioindiacentral jioindiawest koreasouth malaysiawest
    mexicocentral newzealandnorth northcentralus norwaywest qatarcentral southafricawest southindia swedensouth
    switzerlandwest uaecentral ukwest usgovarizona usgovtexas usgovvirginia westcentralus westindia westus
"""
LOCATIONS: Final = frozenset({*regions.ZONES, *_OTHER_LOCATIONS.split()})


def location(value: str, settings: Settings) -> Mismatch | None:
    """Check a location, as its name or as its title."""
    del settings
    if value.lower().replace(" ", "") in LOCATIONS:
        return None
    return Mismatch(expected="a location of Azure such as westeurope")


guid = matching(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "a GUID")
arm_id = matching(r"/[^/].*", "a resource ID: /subscriptions/...")
