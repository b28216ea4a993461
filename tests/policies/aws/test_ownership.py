"""What is asked for an owner can have one."""

from __future__ import annotations

from policies.aws.tags import TAGGED
from tests.policies import sdks


def test_every_resource_that_is_asked_for_tags_takes_tags() -> None:
    assert [token for token in TAGGED if "tags" not in sdks.properties(token)] == []
