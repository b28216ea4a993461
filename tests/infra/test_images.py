"""Images of a site with a registry: built from the repository's Dockerfiles, named by content, pinned by digest."""

from __future__ import annotations

from pathlib import Path

from infra.images import DOCKERFILES, Images, ImagesArgs, image_tag
from tests.infra.recorder import Recorded, of_type, record

_IMAGE = "docker:index/image:Image"


def images(base: str | None = None) -> dict[str, Recorded]:
    """Return the images of a site by their kind."""
    arguments = ImagesArgs(repository="registry.example/pouw", tag="abc123", base=base)
    answers = {_IMAGE: {"repoDigest": "registry.example/pouw@sha256:00"}}
    resources = record(lambda: Images("primary-images", arguments), answers)
    return {resource.name.rpartition("-")[2]: resource for resource in of_type(resources, _IMAGE)}


def test_each_image_is_built_from_a_dockerfile_of_the_repository() -> None:
    for kind, image in images().items():
        assert Path(image.inputs["build"]["dockerfile"]).name == DOCKERFILES[kind]
        assert (Path(image.inputs["build"]["context"]) / DOCKERFILES[kind]).exists()


def test_a_tag_names_kind_version_and_content() -> None:
    node = images()["node"].inputs["imageName"]
    assert node.startswith("registry.example/pouw:node-")
    assert node.endswith("-abc123")
    assert image_tag("node", "abc") != image_tag("node", "abd") != image_tag("balancer", "abd")


def test_the_base_image_is_that_of_the_node_alone() -> None:
    site_images = images(base="registry.example/python@sha256:11")
    assert site_images["node"].inputs["build"]["args"]["BASE"] == "registry.example/python@sha256:11"
    assert "BASE" not in site_images["balancer"].inputs["build"]["args"]


def test_no_password_is_configured() -> None:
    assert all("registry" not in image.inputs for image in images().values())
