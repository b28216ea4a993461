"""Image registries: that an image stays what it was, and that its holes are looked for."""

from __future__ import annotations

from collections.abc import Iterator

from policies.checks import must_be, must_not_be
from policies.rule import Absence, AnyRule, Props, Rule, Severity

REPOSITORY = "gcp:artifactregistry/repository:Repository"

_GUIDE = "https://cloud.google.com/artifact-registry/docs/"


def _moves_tags(props: Props) -> Iterator[str]:
    # Only images have tags, and a repository that stands for another takes the other's.
    if props["format"] == "DOCKER" and (props.get("mode") or "STANDARD_REPOSITORY") == "STANDARD_REPOSITORY":
        yield from must_be("dockerConfig.immutableTags", True)(props)


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="gcp-artifacts-repository-require-immutable-tags",
        types=(REPOSITORY,),
        severity=Severity.HIGH,
        absent=Absence.DENY,
        why="A tag that was tested today is another image tomorrow.",
        remedy="Set dockerConfig.immutableTags: true.",
        reference=_GUIDE + "docker/names",
        check=_moves_tags,
    ),
    Rule(
        id="gcp-artifacts-repository-deny-unscanned",
        types=(REPOSITORY,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Known holes in an image stay unknown to its owner.",
        remedy="Remove vulnerabilityScanningConfig.enablementConfig, or set INHERITED.",
        reference=_GUIDE + "analysis",
        check=must_not_be("vulnerabilityScanningConfig.enablementConfig", "DISABLED"),
    ),
)
