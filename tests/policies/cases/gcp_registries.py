"""Cases of ``policies.gcp.registries``."""

from __future__ import annotations

from policies.gcp.registries import RULES
from tests.policies import tables

_case = tables.of(RULES)
_IMAGES = {
    "format": "DOCKER",
    "dockerConfig": {"immutableTags": True},
    "vulnerabilityScanningConfig": {"enablementConfig": "INHERITED"},
}
_TAGS = "gcp-artifacts-repository-require-immutable-tags"
_MIRROR = {"format": "DOCKER", "mode": "REMOTE_REPOSITORY"}

CASES = [
    _case(_TAGS, _IMAGES, "dockerConfig.immutableTags", False),
    _case(_TAGS, _MIRROR, "mode", "STANDARD_REPOSITORY"),
    _case("gcp-artifacts-repository-deny-unscanned", _IMAGES, "vulnerabilityScanningConfig.enablementConfig",
          "DISABLED"),
]  # fmt: skip
