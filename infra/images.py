"""Images of a site with a registry of its own: built from the repository's Dockerfiles, pushed, pinned by digest."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

import pulumi
from pulumi_docker._enums import BuilderVersion
from pulumi_docker._inputs import CacheFromArgs, DockerBuildArgs
from pulumi_docker.image import Image

from infra.component import Component
from infra.workload import digest

_CONTEXT: Final = Path(__file__).parent.parent
DOCKERFILES: Final = {"node": "Dockerfile.production", "balancer": "Dockerfile.balancer"}
PLATFORM: Final = "linux/amd64"


@dataclass(frozen=True, kw_only=True)
class ImagesArgs:
    """The repository of the images, and the tag and base of the node's image; ``None`` takes the default."""

    repository: pulumi.Input[str]
    tag: str | None
    base: str | None


class Images(Component, token="pouw:docker:Images"):
    """Both images of a site. Outputs: ``node`` and ``balancer``, each a reference by digest.

    The cloud's own credential helper logs the caller in to the registry, so no password is configured.
    """

    node: pulumi.Output[str]
    balancer: pulumi.Output[str]

    def __init__(self, name: str, args: ImagesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        images = {kind: self._image(f"{name}-{kind}", kind, args) for kind in DOCKERFILES}
        self.publish(**{kind: image.repo_digest for kind, image in images.items()})

    def _image(self, name: str, kind: str, args: ImagesArgs) -> Image:
        dockerfile = _CONTEXT / DOCKERFILES[kind]
        # The balancer's image has no input but its Dockerfile.
        content = args.tag if kind == "node" else digest(dockerfile.read_text(encoding="utf-8"))
        reference = pulumi.Output.concat(args.repository, ":", image_tag(kind, content))
        arguments = {"VERSION": metadata.version("pouw"), "BUILDKIT_INLINE_CACHE": "1"}
        if kind == "node" and args.base:
            arguments["BASE"] = args.base
        return Image(
            name,
            build=DockerBuildArgs(
                builder_version=BuilderVersion.BUILDER_BUILD_KIT,
                context=str(_CONTEXT),
                dockerfile=str(dockerfile),
                platform=PLATFORM,
                args=arguments,
                # The image that any machine built from this content: a runner without a cache then builds nothing.
                cache_from=CacheFromArgs(images=[reference]),
            ),
            image_name=reference,
            opts=self.child(),
        )


def image_tag(kind: str, content: str | None) -> str:
    """Return ``<kind>-<version>-<content>``; without a content hash only the version distinguishes images."""
    return "-".join(part for part in (kind, metadata.version("pouw"), content or "") if part)
