"""Cases of ``policies.aws.tags``."""

from __future__ import annotations

from policies.aws.tags import RULES
from policies.owner_tags import TAGS
from tests.policies import tables
from tests.policies.contract import REMOVED

_case = tables.of(RULES)
_OWNED = {"tags": dict.fromkeys(TAGS, "pouw")}
_HANDED_ON = {"tags": [{"key": name, "value": "pouw", "propagateAtLaunch": True} for name in TAGS]}
_TEMPLATE = {"tagSpecifications": [{"resourceType": kind, **_OWNED} for kind in ("instance", "volume")]}
_GROUP = "aws-tags-group-require-owner"

CASES = [
    *(_case("aws-tags-resource-require-owner", _OWNED, f"tags.{name}", "") for name in TAGS),
    _case("aws-tags-resource-require-owner", _OWNED, "tags", REMOVED),
    _case(_GROUP, _HANDED_ON, "tags[0].key", "Name"),
    _case(_GROUP, _HANDED_ON, "tags[1].propagateAtLaunch", False, absent_path="tags"),
    _case("aws-tags-template-require-owner", _TEMPLATE, "tagSpecifications[1].resourceType", "network-interface"),
]
