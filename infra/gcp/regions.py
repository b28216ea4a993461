"""Regions of Google Cloud with their zones, as Google Cloud publishes them. Data.

A site needs three zones, so only regions that have three are listed. A region that is missing is refused: add it here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_LETTERS: Final[Mapping[str, str]] = {
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
ZONES: Final[Mapping[str, tuple[str, ...]]] = {
    region: tuple(f"{region}-{letter}" for letter in letters) for region, letters in _LETTERS.items()
}
"""Names of zones by region."""
