"""Which images run. One that the stack builds itself is named by the digest of what was built, once it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from policies.checks import known
from policies.kubernetes.manifests import WORKLOADS, Props, containers
from policies.kubernetes.relations import is_production
from policies.rule import Absence, AnyRule, Level, Severity, StackRule
from policies.stack import Resource, Stack

IMAGES = ("docker:index/image:Image", "docker:index/registryImage:RegistryImage")
_REFERENCE = "https://kubernetes.io/docs/concepts/containers/images/"


def _images(check: Callable[[Props, str], Iterator[str]]) -> Callable[[Resource, Stack], Iterator[str]]:
    """A check of containers with the image of each; one that is built with the stack is not known before."""

    def applied(workload: Resource, stack: Stack) -> Iterator[str]:
        origins = workload.refers.get("spec", frozenset())
        built = any(one.urn in origins for one in stack.of(*IMAGES))
        for at, container in containers(workload.inputs):
            if image := _image(container, built=built):
                for message in check(container, image):
                    yield f"{at}.{message}"

    return applied


def _image(container: Props, *, built: bool) -> str:
    """The image's name; empty where the build will give it."""
    return known(lambda: str(container["image"]), "") if built else str(container["image"])


def _tag(image: str) -> str:
    """The tag of an image that is named without a digest; empty if it has none."""
    return image.rpartition("/")[2].partition(":")[2]


def _is_pinned(container: Props, image: str) -> Iterator[str]:
    del container
    if "@sha256:" not in image:
        yield f"image: {image} is not named by digest"


def _says_which(container: Props, image: str) -> Iterator[str]:
    del container
    if "@" not in image and _tag(image) in ("", "latest"):
        yield f"image: {image} is whatever was pushed last"


def _is_asked_for(container: Props, image: str) -> Iterator[str]:
    if "@" not in image and container.get("imagePullPolicy") != "Always":
        yield f"imagePullPolicy: a node keeps what {image} once was"


def _in_production(check: Callable[[Resource, Stack], Iterator[str]]) -> Callable[[Resource, Stack], Iterator[str]]:
    def applied(workload: Resource, stack: Stack) -> Iterator[str]:
        if is_production(stack):
            yield from check(workload, stack)

    return applied


_rule = partial(StackRule, types=WORKLOADS, absent=Absence.ALLOW, reference=_REFERENCE)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="kubernetes-pods-image-pin-digest",
        severity=Severity.HIGH,
        why="A tag can be moved to another image after the review; a digest cannot.",
        remedy="Name the image by digest: name@sha256:…",
        check=_in_production(_images(_is_pinned)),
    ),
    _rule(
        id="kubernetes-pods-image-deny-latest",
        severity=Severity.MEDIUM,
        why="Two pods of one workload may run two programs, and nobody can say which or go back.",
        remedy="Name a version, or better a digest.",
        check=_images(_says_which),
    ),
    _rule(
        id="kubernetes-pods-image-match-pullpolicy",
        severity=Severity.LOW,
        level=Level.ADVISORY,
        why="A node that has an image of that name starts it without asking whether it is still that, or allowed.",
        remedy="Name the image by digest, or set imagePullPolicy: Always.",
        check=_in_production(_images(_is_asked_for)),
    ),
)
