"""A test that every resource that needs owner tags supports tags."""

from __future__ import annotations

from policies.aws.tags import TAGGED
from tests.policies import sdks


def test_every_resource_that_needs_owner_tags_supports_tags() -> None:
    assert [token for token in TAGGED if "tags" not in sdks.properties(token)] == []
