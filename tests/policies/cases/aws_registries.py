"""Cases of ``policies.aws.registries``."""

from __future__ import annotations

from policies.aws.registries import LIFECYCLE, RULES
from tests.policies import tables
from tests.policies.analyzer import Declaration

_case = tables.of(RULES)
_REPOSITORY = {
    "name": "node",
    "imageScanningConfiguration": {"scanOnPush": True},
    "imageTagMutability": "IMMUTABLE",
}
_EXPIRY = Declaration(type=LIFECYCLE, name="expiry", props={"repository": "node"})

CASES = [
    _case("aws-ecr-repository-require-scan", _REPOSITORY, "imageScanningConfiguration.scanOnPush", False),
    _case("aws-ecr-repository-require-immutable-tags", _REPOSITORY, "imageTagMutability", "MUTABLE"),
    _case("aws-ecr-repository-require-lifecycle", _REPOSITORY, "repository", "other", related=(_EXPIRY,),
          broken_related="expiry"),
    _case("aws-ecr-registry-match-enhanced-scan", {"scanType": "ENHANCED"}, "scanType", "BASIC"),
]  # fmt: skip
