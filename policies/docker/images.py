"""Rules about images that a stack builds: base image, platform, secrets and builder."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.checks import may_be, must_be_set, must_not_be, must_not_be_set
from policies.rule import Absence, AnyRule, Level, Props, Rule, Severity

IMAGE = "docker:index/image:Image"

_BUILD = "https://docs.docker.com/build/"
_SECRET = re.compile(
    r"(?i)(?:^|_)(?:passw(?:or)?d|passphrase|secret|token|credentials?|private_?key|api_?key|access_?key)(?:$|_)"
)
_LOCATION_NAME = re.compile(r"(?i)(?:name|id|path|file|url)$")
"""Suffixes of names whose value is the location of a secret."""
_BASE = re.compile(r"(?i)^base$|(?:^|_)(?:image|base_image)$")
_DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")


def _build_arguments(props: Props) -> Props:
    arguments: Props = (props.get("build") or {}).get("args") or {}
    return arguments


def _check_secret_arguments(props: Props) -> Iterator[str]:
    for name in _build_arguments(props):
        if _SECRET.search(name) and not _LOCATION_NAME.search(name):
            yield (
                f"build.args.{name}: the image history contains a secret; got an argument with a secret's name; "
                "expected a mounted secret"
            )


def _check_base_image(props: Props) -> Iterator[str]:
    arguments = _build_arguments(props)
    for name in arguments:
        if _BASE.search(name) and not _DIGEST.fullmatch(str(arguments[name])):
            yield f"build.args.{name}: the base image is not pinned; got {arguments[name]}; expected a digest"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="docker-image-registry-deny-password",
        types=(IMAGE,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A registry password is stored in the state of the stack, and works for anyone who reads it.",
        remedy="Remove registry.password, and log in with the registry's credential helper.",
        reference="https://docs.docker.com/reference/cli/docker/login/",
        check=must_not_be_set("registry.password"),
    ),
    Rule(
        id="docker-image-build-pin-platform",
        types=(IMAGE,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="Without a platform, the image runs only on machines like the one that built it.",
        remedy="Set build.platform.",
        reference=_BUILD + "building/multi-platform/",
        check=must_be_set("build.platform"),
    ),
    Rule(
        id="docker-image-build-deny-secret-arguments",
        types=(IMAGE,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Build arguments are stored in the image, and anyone who pulls it can read them.",
        remedy="Remove the secret from build.args, and mount it during the build.",
        reference=_BUILD + "building/secrets/",
        check=_check_secret_arguments,
    ),
    Rule(
        id="docker-image-build-pin-base",
        types=(IMAGE,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A base image with a mutable tag may differ from the tested one.",
        remedy="Set the base image in build.args to a digest.",
        reference=_BUILD + "building/best-practices/",
        check=_check_base_image,
    ),
    Rule(
        id="docker-image-build-deny-host-network",
        types=(IMAGE,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Every build step can reach services that only the machine itself may reach.",
        remedy="Remove build.network.",
        reference=_BUILD + "buildkit/",
        check=must_not_be("build.network", "host"),
    ),
    Rule(
        id="docker-image-build-match-builder",
        types=(IMAGE,),
        severity=Severity.LOW,
        level=Level.ADVISORY,
        absent=Absence.ALLOW,
        why="The legacy builder supports neither secrets, provenance nor inline cache.",
        remedy="Remove build.builderVersion, or set it to BuilderBuildKit.",
        reference=_BUILD + "buildkit/",
        check=may_be("build.builderVersion", "BuilderBuildKit"),
    ),
)
