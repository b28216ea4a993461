"""Regions of AWS with their zones, as AWS publishes them. Data.

A site needs three zones, so only regions that have three are listed. A region that is missing is refused: add it here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_LETTERS: Final[Mapping[str, str]] = {
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
ZONES: Final[Mapping[str, tuple[str, ...]]] = {
    region: tuple(f"{region}{letter}" for letter in letters) for region, letters in _LETTERS.items()
}
"""Names of zones by region."""
