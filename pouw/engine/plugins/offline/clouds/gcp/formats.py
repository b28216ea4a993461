"""Regions, zones and the texts that Google Cloud accepts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from infra import regions
from pouw.engine.plugins.offline.formats import matching
from pouw.engine.plugins.offline.settings import Settings

_MORE: Final = """
    africa-south1 asia-east2 asia-northeast2 asia-northeast3 asia-south2 asia-southeast2 australia-southeast2
    europe-north2 europe-west10 europe-west12 me-central1 me-central2 me-west1 northamerica-northeast2
    northamerica-south1 southamerica-west1 us-east5 us-south1 us-west3
"""
ZONES: Final[Mapping[str, str]] = {
    **{region: "".join(zone[-1] for zone in zones) for region, zones in regions.ZONES["gcp"].items()},
    **dict.fromkeys(_MORE.split(), "abc"),
}
"""Zones of each region, by their letters."""
_MULTI_REGIONS: Final = frozenset({"us", "eu", "asia", "europe", "global", "nam4", "eur4", "asia1"})


def zone(value: str, settings: Settings) -> str:
    """A zone, of the region that the resource stands in if it stands in one."""
    home = re.sub(r"-[a-z]$", "", settings.region)
    place, _, letter = value.rpartition("-")
    if value in ("global", "regional"):
        return ""
    if place not in ZONES:
        return "must be a zone such as europe-west1-b, of a region that there is"
    if home in ZONES and place != home:
        return f"must be a zone of {home}"
    return "" if letter in ZONES[place] else f"must be one of {', '.join(f'{place}-{one}' for one in ZONES[place])}"


def region(value: str, settings: Settings) -> str:
    """A region."""
    del settings
    if value in ZONES or value.startswith(("projects/", "https://")):
        return ""
    return "must be a region such as europe-west1"


def location(value: str, settings: Settings) -> str:
    """A region, a zone or a group of regions."""
    if value.lower() in ZONES or value.lower() in _MULTI_REGIONS:
        return ""
    fault = zone(value.lower(), Settings(account=settings.account))
    return "must be a region or a zone such as europe-west1 or europe-west1-b" if fault else ""


project = matching(
    r"(?:projects/)?(?:[\w.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]",
    "a project: 6 to 30 lower-case letters, digits and hyphens",
)
label = matching(r"[a-z0-9_-]{0,63}", "a label: lower-case letters, digits, hyphens and underscores, at most 63")
