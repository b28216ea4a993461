"""Rules about ECR repositories and their scans."""

from __future__ import annotations

from policies.aws.references import must_have
from policies.checks import must_be
from policies.rule import Absence, AnyRule, Level, Rule, Severity, StackRule, add_value

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
        why="An image with a known vulnerability is deployed without an alert.",
        remedy="Set imageScanningConfiguration.scanOnPush: true.",
        reference=_GUIDE + "image-scanning.html",
        check=must_be("imageScanningConfiguration.scanOnPush", True),
        fix=add_value("imageScanningConfiguration.scanOnPush", True),
    ),
    Rule(
        id="aws-ecr-repository-require-immutable-tags",
        types=(REPOSITORY,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A mutable tag can point to an untested image after the original was tested.",
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
        why="Unused images cost money, and a rollback to one restores its vulnerabilities.",
        remedy="Add a LifecyclePolicy that expires untagged or old images.",
        reference=_GUIDE + "LifecyclePolicies.html",
        check=must_have((LIFECYCLE,), "repository", "LifecyclePolicy", by="name"),
    ),
    Rule(
        id="aws-ecr-registry-match-enhanced-scan",
        types=(SCANNING,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.DENY,
        why="A basic scan runs once, so vulnerabilities published later are not detected.",
        remedy="Set scanType: ENHANCED, with a rule that scans continuously.",
        reference=_GUIDE + "image-scanning-enhanced.html",
        check=must_be("scanType", "ENHANCED"),
    ),
)
