"""Image registries on AWS."""

from __future__ import annotations

from policies.aws.relations import must_have
from policies.checks import must_be
from policies.rule import Absence, AnyRule, Level, Rule, Severity, StackRule, adding

REPOSITORY = "aws:ecr/repository:Repository"
LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
SCANNING = "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"

_GUIDE = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/"

RULES: tuple[AnyRule, ...] = (
    Rule(
        id="aws-ecr-repository-require-scan",
        types=(REPOSITORY,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="An image with a known hole is deployed, and nobody is told.",
        remedy="Set imageScanningConfiguration.scanOnPush: true.",
        reference=_GUIDE + "image-scanning.html",
        check=must_be("imageScanningConfiguration.scanOnPush", True),
        fix=adding("imageScanningConfiguration.scanOnPush", True),
    ),
    Rule(
        id="aws-ecr-repository-require-immutable-tags",
        types=(REPOSITORY,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A tag that can be moved runs another program under a name that was tested.",
        remedy="Set imageTagMutability: IMMUTABLE.",
        reference=_GUIDE + "image-tag-mutability.html",
        check=must_be("imageTagMutability", "IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION"),
    ),
    StackRule(
        id="aws-ecr-repository-require-lifecycle",
        types=(REPOSITORY,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="Images that nobody runs are paid for, and one of them is rolled back to with its old holes.",
        remedy="Add a LifecyclePolicy that expires what is untagged or old.",
        reference=_GUIDE + "LifecyclePolicies.html",
        check=must_have((LIFECYCLE,), "repository", "lifecycle policy", by="name"),
    ),
    Rule(
        id="aws-ecr-registry-match-enhanced-scan",
        types=(SCANNING,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A basic scan happens once, and holes are found later.",
        remedy="Set scanType: ENHANCED, with a rule that scans continuously.",
        reference=_GUIDE + "image-scanning-enhanced.html",
        check=must_be("scanType", "ENHANCED"),
    ),
)
