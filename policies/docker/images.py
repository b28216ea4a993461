"""Images that a stack builds: what they are built from, for what, and what is told to the builder."""

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
_ABOUT = re.compile(r"(?i)(?:name|id|path|file|url)$")
"""Ends of names whose value says where a secret is."""
_BASE = re.compile(r"(?i)^base$|(?:^|_)(?:image|base_image)$")
_DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")


def _arguments(props: Props) -> Props:
    arguments: Props = (props.get("build") or {}).get("args") or {}
    return arguments


def _tells_secrets(props: Props) -> Iterator[str]:
    for name in _arguments(props):
        if _SECRET.search(name) and not _ABOUT.search(name):
            yield f"build.args.{name}: is a secret by its name, and stays in the image's history"


def _builds_on_anything(props: Props) -> Iterator[str]:
    arguments = _arguments(props)
    for name in arguments:
        if _BASE.search(name) and not _DIGEST.fullmatch(str(arguments[name])):
            yield f"build.args.{name}: is {arguments[name]}, and must be named by digest"


RULES: tuple[AnyRule, ...] = (
    Rule(
        id="docker-image-registry-deny-password",
        types=(IMAGE,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="A password of a registry lies in the state of the stack, and works for whoever reads that.",
        remedy="Log in outside, by the credential helper of the registry.",
        reference="https://docs.docker.com/reference/cli/docker/login/",
        check=must_not_be_set("registry.password"),
    ),
    Rule(
        id="docker-image-build-pin-platform",
        types=(IMAGE,),
        severity=Severity.MEDIUM,
        absent=Absence.DENY,
        why="The image is for the machine that happens to build it, and starts on no other.",
        remedy="Set build.platform.",
        reference=_BUILD + "building/multi-platform/",
        check=must_be_set("build.platform"),
    ),
    Rule(
        id="docker-image-build-deny-secret-arguments",
        types=(IMAGE,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="Arguments of a build are in the image, for everybody who pulls it.",
        remedy="Mount secrets in the build, and leave them out of build.args.",
        reference=_BUILD + "building/secrets/",
        check=_tells_secrets,
    ),
    Rule(
        id="docker-image-build-pin-base",
        types=(IMAGE,),
        severity=Severity.HIGH,
        absent=Absence.ALLOW,
        why="The base that is built on tomorrow is not the one that was tested.",
        remedy="Name the base by digest.",
        reference=_BUILD + "building/best-practices/",
        check=_builds_on_anything,
    ),
    Rule(
        id="docker-image-build-deny-host-network",
        types=(IMAGE,),
        severity=Severity.MEDIUM,
        absent=Absence.ALLOW,
        why="Every step of the build reaches what only the machine itself may reach.",
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
        why="The builder of old knows no secrets, no provenance and no inline cache.",
        remedy="Remove build.builderVersion, or set BuilderBuildKit.",
        reference=_BUILD + "buildkit/",
        check=may_be("build.builderVersion", "BuilderBuildKit"),
    ),
)
