"""Regions, zones and the texts that AWS accepts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from infra import regions
from infra.faults import choices
from pouw.engine.plugins.offline.formats import matching
from pouw.engine.plugins.offline.settings import Settings

_MORE: Final = {
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
"""What a site may not stand in, but a resource may: regions and zones that lack something a site needs."""
ZONES: Final[Mapping[str, str]] = {
    **{region: "".join(zone[-1] for zone in zones) for region, zones in regions.ZONES["aws"].items()},
    **_MORE,
}
"""Availability zones of each region, by their letters."""


def zone(value: str, settings: Settings) -> str:
    """An availability zone of the resource's region; a local zone has a place between region and letter."""
    region = settings.region
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d(-[a-z]+-\d)?[a-z]", value):
        return "must be an availability zone such as eu-west-1a"
    if region and not value.startswith(region):
        return f"must be a zone of {region}"
    letters = ZONES.get(region, "")
    if letters and value.removeprefix(region) not in letters and "-" not in value.removeprefix(region):
        return f"must be one of {', '.join(region + letter for letter in letters)}"
    return ""


def region(value: str, settings: Settings) -> str:
    """A region."""
    del settings
    if value in ZONES or re.fullmatch(r"(us-gov|cn|us-iso[a-z]*|eu-isoe|eusc)-[a-z]+(-[a-z]+)?-\d", value):
        return ""
    return f"must be a region: {choices(ZONES, value)}"


arn = matching(
    r"arn:aws[a-z-]*:[a-z0-9-]*:[a-z0-9-]*:(\d{12}|aws)?:.+", "an ARN: arn:aws:service:region:account:resource"
)
account = matching(r"\d{12}", "an account number of 12 digits")
