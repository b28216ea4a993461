"""The registry."""

from __future__ import annotations

from collections.abc import Sequence

from tests.infra.clouds import kind
from tests.infra.recorder import Recorded


def test_untagged_images_go_and_tagged_ones_stay(found: Sequence[Recorded]) -> None:
    [repository] = kind(found, "Repository")
    assert [one["condition"]["tagState"] for one in repository.inputs["cleanupPolicies"]] == ["UNTAGGED"]
    assert repository.inputs["cleanupPolicyDryRun"] is False
