"""Regions of Azure with their zones, as Azure publishes them. Data.

A site needs three zones, so only regions that have three are listed. A region that is missing is refused: add it here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_REGIONS: Final = (
    "australiaeast", "brazilsouth", "canadacentral", "centralindia", "centralus", "eastasia", "eastus", "eastus2",
    "francecentral", "germanywestcentral", "israelcentral", "italynorth", "japaneast", "koreacentral", "northeurope",
    "norwayeast", "polandcentral", "southafricanorth", "southcentralus", "southeastasia", "spaincentral",
    "swedencentral", "switzerlandnorth", "uaenorth", "uksouth", "westeurope", "westus2", "westus3",
)  # fmt: skip
ZONES: Final[Mapping[str, tuple[str, ...]]] = dict.fromkeys(_REGIONS, ("1", "2", "3"))
"""Names of zones by region. Every region of Azure numbers its zones."""
