"""Regions, zones and the texts that Google Cloud accepts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from infra.gcp import regions
from pouw.engine.plugins.offline.cloud_description import Mismatch
from pouw.engine.plugins.offline.formats import matching
from pouw.engine.plugins.offline.settings import Settings

_OTHER_REGIONS: Final = """
    africa-south1 asia-east2 asia-northeast2 asia-northeast3 asia-south2 asia-southeast2 australia-southeast2
    europe-north2 europe-west10 europe-west12 me-central1 me-central2 me-west1 northamerica-northeast2
    northamerica-south1 southamerica-west1 us-east5 us-south1 us-west3
"""
ZONES: Final[Mapping[str, str]] = {
    **{region: "".join(zone[-1] for zone in zones) for region, zones in regions.ZONES.items()},
    **dict.fromkeys(_OTHER_REGIONS.split(), "abc"),
}
"""Zones of each region, by their letters."""
_MULTI_REGIONS: Final = frozenset({"us", "eu", "asia", "europe", "global", "nam4", "eur4", "asia1"})


def zone(value: str, settings: Settings) -> Mismatch | None:
    """Check a zone. It has to be in the region of the resource, if the resource has one."""
    home = re.sub(r"-[a-z]$", "", settings.region)
    parent, _, letter = value.rpartition("-")
    if value in ("global", "regional"):
        return None
    if parent not in ZONES:
        return Mismatch(expected="a zone of an existing region, such as europe-west1-b")
    if home in ZONES and parent != home:
        return Mismatch(expected=f"a zone of {home}")
    if letter in ZONES[parent]:
        return None
    return Mismatch(expected=f"one of {', '.join(f'{parent}-{existing}' for existing in ZONES[parent])}")


def region(value: str, settings: Settings) -> Mismatch | None:
    """Check a region."""
    del settings
    if value in ZONES or value.startswith(("projects/", "https://")):
        return None
    return Mismatch(expected="a region such as europe-west1")


def location(value: str, settings: Settings) -> Mismatch | None:
    """Check a region, a zone or a group of regions."""
    if value.lower() in ZONES or value.lower() in _MULTI_REGIONS:
        return None
    is_zone = zone(value.lower(), Settings(account=settings.account)) is None
    return None if is_zone else Mismatch(expected="a region or a zone such as europe-west1 or europe-west1-b")


project = matching(
    r"(?:projects/)?(?:[\w.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]",
    "a project: 6 to 30 lower-case letters, digits and hyphens",
)
label = matching(r"[a-z0-9_-]{0,63}", "a label: lower-case letters, digits, hyphens and underscores, at most 63")
