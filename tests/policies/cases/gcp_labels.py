"""Cases of ``policies.gcp.labels``."""

from __future__ import annotations

from typing import Any

from policies.gcp.labels import RULES
from policies.owner_tags import TAGS
from tests.policies import tables
from tests.policies.contract import REMOVED

_case = tables.of(RULES)
_PLACES = {
    "resource": "labels",
    "cluster": "resourceLabels",
    "nodepool": "nodeConfig.resourceLabels",
    "database": "settings.userLabels",
    "alarm": "userLabels",
}


def owned(place: str) -> dict[str, Any]:
    """Properties with every label at the place."""
    first, _, rest = place.partition(".")
    return {first: owned(rest) if rest else dict.fromkeys(TAGS, "pouw")}


CASES = [
    *(_case("gcp-labels-resource-require-owner", owned("labels"), f"labels.{label}", "") for label in TAGS),
    *(_case(f"gcp-labels-{name}-require-owner", owned(place), place, REMOVED) for name, place in _PLACES.items()),
]
