"""Regions and their zones, as the clouds publish them: what a site may name without asking any cloud.

A region that is missing here is refused; add it with its zones. Only regions with three zones or more are listed,
because a site spreads over three.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_AWS: Final[Mapping[str, str]] = {
    "af-south-1": "abc",
    "ap-east-1": "abc",
    "ap-northeast-1": "acd",
    "ap-northeast-2": "abcd",
    "ap-northeast-3": "abc",
    "ap-south-1": "abc",
    "ap-southeast-1": "abc",
    "ap-southeast-2": "abc",
    "ca-central-1": "abd",
    "eu-central-1": "abc",
    "eu-central-2": "abc",
    "eu-north-1": "abc",
    "eu-south-1": "abc",
    "eu-west-1": "abc",
    "eu-west-2": "abc",
    "eu-west-3": "abc",
    "me-central-1": "abc",
    "sa-east-1": "abc",
    "us-east-1": "abcdf",
    "us-east-2": "abc",
    "us-west-2": "abcd",
}
_AZURE: Final = (
    "australiaeast", "brazilsouth", "canadacentral", "centralindia", "centralus", "eastasia", "eastus", "eastus2",
    "francecentral", "germanywestcentral", "israelcentral", "italynorth", "japaneast", "koreacentral", "northeurope",
    "norwayeast", "polandcentral", "southafricanorth", "southcentralus", "southeastasia", "spaincentral",
    "swedencentral", "switzerlandnorth", "uaenorth", "uksouth", "westeurope", "westus2", "westus3",
)  # fmt: skip
_GCP: Final[Mapping[str, str]] = {
    "asia-east1": "abc",
    "asia-northeast1": "abc",
    "asia-south1": "abc",
    "asia-southeast1": "abc",
    "australia-southeast1": "abc",
    "europe-central2": "abc",
    "europe-north1": "abc",
    "europe-southwest1": "abc",
    "europe-west1": "bcd",
    "europe-west2": "abc",
    "europe-west3": "abc",
    "europe-west4": "abc",
    "europe-west6": "abc",
    "europe-west8": "abc",
    "europe-west9": "abc",
    "northamerica-northeast1": "abc",
    "southamerica-east1": "abc",
    "us-central1": "abcf",
    "us-east1": "bcd",
    "us-east4": "abc",
    "us-west1": "abc",
    "us-west2": "abc",
    "us-west4": "abc",
}

ZONES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "aws": {region: tuple(f"{region}{letter}" for letter in letters) for region, letters in _AWS.items()},
    "azure": dict.fromkeys(_AZURE, ("1", "2", "3")),
    "gcp": {region: tuple(f"{region}-{letter}" for letter in letters) for region, letters in _GCP.items()},
}
"""Zone names by cloud and region, in the clouds' own words."""
