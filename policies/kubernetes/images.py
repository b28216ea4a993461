"""Rules about the images of workloads. The digest of an image that the stack builds is unknown before the build."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from policies.checks import format_value, read_or
from policies.kubernetes.manifests import WORKLOADS, Props, containers
from policies.kubernetes.references import is_production
from policies.rule import Absence, AnyRule, Level, Severity, StackRule
from policies.stack import Resource, Stack

IMAGES = ("docker:index/image:Image", "docker:index/registryImage:RegistryImage")
_REFERENCE = "https://kubernetes.io/docs/concepts/containers/images/"


def _for_images(check: Callable[[Props, str], Iterator[str]]) -> Callable[[Resource, Stack], Iterator[str]]:
    """Return a check of every container with its image. An image built by the stack is skipped while unknown."""

    def check_images(workload: Resource, stack: Stack) -> Iterator[str]:
        origins = workload.references.get("spec", frozenset())
        is_built = any(resource.urn in origins for resource in stack.of_type(*IMAGES))
        for path, container in containers(workload.inputs):
            if image := _image(container, is_built=is_built):
                for message in check(container, image):
                    yield f"{path}.{message}"

    return check_images


def _image(container: Props, *, is_built: bool) -> str:
    """Return the image's name; an empty text while the build determines it."""
    return read_or(lambda: str(container["image"]), "") if is_built else str(container["image"])


def _tag(image: str) -> str:
    """Return the tag of an image without a digest; an empty text without a tag."""
    return image.rpartition("/")[2].partition(":")[2]


def _check_digest(container: Props, image: str) -> Iterator[str]:
    del container
    if "@sha256:" not in image:
        yield f"image: the image is not pinned; got {image}; expected a digest"


def _check_tag(container: Props, image: str) -> Iterator[str]:
    del container
    if "@" not in image and _tag(image) in ("", "latest"):
        yield f"image: the image is ambiguous; got {image}; expected a version or digest"


def _check_pull_policy(container: Props, image: str) -> Iterator[str]:
    if "@" not in image and container.get("imagePullPolicy") != "Always":
        yield (
            f"imagePullPolicy: a node may run an outdated image; got {format_value(container.get('imagePullPolicy'))}; "
            "expected Always, or a digest"
        )


def _in_production(check: Callable[[Resource, Stack], Iterator[str]]) -> Callable[[Resource, Stack], Iterator[str]]:
    def check_in_production(workload: Resource, stack: Stack) -> Iterator[str]:
        if is_production(stack):
            yield from check(workload, stack)

    return check_in_production


_rule = partial(StackRule, types=WORKLOADS, absent=Absence.ALLOW, reference=_REFERENCE)

RULES: tuple[AnyRule, ...] = (
    _rule(
        id="kubernetes-pods-image-pin-digest",
        severity=Severity.HIGH,
        why="A tag can be moved to another image after the review. A digest cannot.",
        remedy="Set image to a digest: name@sha256:…",
        check=_in_production(_for_images(_check_digest)),
    ),
    _rule(
        id="kubernetes-pods-image-deny-latest",
        severity=Severity.MEDIUM,
        why="Pods of one workload may run different programs, and a rollback is impossible.",
        remedy="Set image to a version, or better a digest.",
        check=_for_images(_check_tag),
    ),
    _rule(
        id="kubernetes-pods-image-match-pullpolicy",
        severity=Severity.LOW,
        level=Level.ADVISORY,
        why="A node with a cached image of that name starts it without a check of its digest or permission.",
        remedy="Set image to a digest, or imagePullPolicy: Always.",
        check=_in_production(_for_images(_check_pull_policy)),
    ),
)
