"""Regions, zones and the texts that AWS accepts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from infra.aws import regions
from infra.faults import choices
from pouw.engine.plugins.offline.cloud_description import Mismatch
from pouw.engine.plugins.offline.formats import matching
from pouw.engine.plugins.offline.settings import Settings

_RESOURCE_ZONES: Final = {
    "ap-south-2": "abc",
    "ap-southeast-3": "abc",
    "ap-southeast-4": "abc",
    "ca-west-1": "abc",
    "eu-south-2": "abc",
    "il-central-1": "abc",
    "me-south-1": "abc",
    "us-east-1": "abcdef",
    "us-west-1": "bc",
}
"""Regions and zones that a resource can be in and a site cannot, because they lack something that a site needs."""
ZONES: Final[Mapping[str, str]] = {
    **{region: "".join(zone[-1] for zone in zones) for region, zones in regions.ZONES.items()},
    **_RESOURCE_ZONES,
}
"""Availability zones of each region, by their letters."""


def zone(value: str, settings: Settings) -> Mismatch | None:
    """Check an availability zone of the resource's region. A local zone has a city between region and letter."""
    region = settings.region
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d(-[a-z]+-\d)?[a-z]", value):
        return Mismatch(expected="an availability zone such as eu-west-1a")
    if region and not value.startswith(region):
        return Mismatch(expected=f"a zone of {region}")
    letters = ZONES.get(region, "")
    if letters and value.removeprefix(region) not in letters and "-" not in value.removeprefix(region):
        return Mismatch(expected=f"one of {', '.join(region + letter for letter in letters)}")
    return None


def region(value: str, settings: Settings) -> Mismatch | None:
    """Check a region."""
    del settings
    if value in ZONES or re.fullmatch(r"(us-gov|cn|us-iso[a-z]*|eu-isoe|eusc)-[a-z]+(-[a-z]+)?-\d", value):
        return None
    return Mismatch(expected=f"a region: {choices(ZONES, value)}")


arn = matching(
    r"arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:(\d{12}|aws)?:.+", "an ARN: arn:aws:service:region:account:resource"
)
account = matching(r"\d{12}", "an account number of 12 digits")
