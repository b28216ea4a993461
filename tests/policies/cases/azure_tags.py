"""Cases of ``policies.azure.tags``."""

from __future__ import annotations

from policies.azure.tags import RULES, TAGGED
from tests.policies import tables
from tests.policies.azure.fixtures import TAGS
from tests.policies.contract import REMOVED

_make = tables.of(RULES)

CASES = [
    *(_make("azure-tags-resource-require-owner", {"tags": TAGS}, f"tags.{name}", REMOVED) for name in TAGS),
    *(
        _make("azure-tags-resource-require-owner", {"tags": TAGS}, "tags.site", "", absent_path="tags", type=kind)
        for kind in TAGGED
    ),
]
