"""Cases of ``policies.gcp.labels``."""

from __future__ import annotations

from typing import Any

from policies.gcp.labels import RULES
from policies.owner_tags import TAGS
from tests.policies import tables
from tests.policies.contract import REMOVED

_case = tables.of(RULES)
_LABEL_PATHS = {
    "resource": "labels",
    "cluster": "resourceLabels",
    "nodepool": "nodeConfig.resourceLabels",
    "database": "settings.userLabels",
    "alarm": "userLabels",
}


def owned(labels_path: str) -> dict[str, Any]:
    """Return properties with every label at the path."""
    first, _, arguments = labels_path.partition(".")
    return {first: owned(arguments) if arguments else dict.fromkeys(TAGS, "pouw")}


CASES = [
    *(_case("gcp-labels-resource-require-owner", owned("labels"), f"labels.{label}", "") for label in TAGS),
    *(
        _case(f"gcp-labels-{name}-require-owner", owned(labels_path), labels_path, REMOVED)
        for name, labels_path in _LABEL_PATHS.items()
    ),
]
