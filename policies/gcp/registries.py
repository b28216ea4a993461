"""Rules about Artifact Registry repositories."""

from __future__ import annotations

from collections.abc import Iterator

from policies.checks import must_be, must_not_be
from policies.rule import Absence, AnyRule, Props, Rule, Severity

REPOSITORY = "gcp:artifactregistry/repository:Repository"

_GUIDE = "https://cloud.google.com/artifact-registry/docs/"


def _check_immutable_tags(props: Props) -> Iterator[str]:
    # Only images have tags, and a remote or virtual repository has the tags of its upstream.
    if props["format"] == "DOCKER" and (props.get("mode") or "STANDARD_REPOSITORY") == "STANDARD_REPOSITORY":
        yield from must_be("dockerConfig.immutableTags", True)(props)


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-artifacts-repository-require-immutable-tags",
        types=(REPOSITORY,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A mutable tag can point to an untested image after the original was tested.",
        remedy="Set dockerConfig.immutableTags: true.",
        reference=_GUIDE + "docker/names",
        check=_check_immutable_tags,
    ),
    Rule(
        id="gcp-artifacts-repository-deny-unscanned",
        types=(REPOSITORY,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Known vulnerabilities of an image stay unnoticed.",
        remedy="Remove vulnerabilityScanningConfig.enablementConfig, or set it to INHERITED.",
        reference=_GUIDE + "analysis",
        check=must_not_be("vulnerabilityScanningConfig.enablementConfig", "DISABLED"),
    ),
)
