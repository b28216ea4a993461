"""The image registry of a site."""

from __future__ import annotations

from collections.abc import Sequence

from tests.infra.clouds import kind
from tests.infra.recorder import Recorded


def test_untagged_images_go_and_tagged_ones_stay(resources: Sequence[Recorded]) -> None:
    [repository] = kind(resources, "Repository")
    assert [resource["condition"]["tagState"] for resource in repository.inputs["cleanupPolicies"]] == ["UNTAGGED"]
    assert repository.inputs["cleanupPolicyDryRun"] is False
