"""Images of a site with a registry: built from the repository's Dockerfiles, named by content, pinned by digest."""

from __future__ import annotations

from pathlib import Path

from infra.images import DOCKERFILES, Images, ImagesArgs, image_tag
from tests.infra.recorder import Recorded, of_type, record

_IMAGE = "docker:index/image:Image"


def declared(base: str | None = None) -> dict[str, Recorded]:
    """The declared images by their kind."""
    arguments = ImagesArgs(repository="registry.example/pouw", tag="abc123", base=base)
    answers = {_IMAGE: {"repoDigest": "registry.example/pouw@sha256:00"}}
    found = record(lambda: Images("primary-images", arguments), answers)
    return {one.name.rpartition("-")[2]: one for one in of_type(found, _IMAGE)}


def test_each_image_is_built_from_a_dockerfile_of_the_repository() -> None:
    for kind, image in declared().items():
        assert Path(image.inputs["build"]["dockerfile"]).name == DOCKERFILES[kind]
        assert (Path(image.inputs["build"]["context"]) / DOCKERFILES[kind]).exists()


def test_a_tag_tells_kind_version_and_content() -> None:
    node = declared()["node"].inputs["imageName"]
    assert node.startswith("registry.example/pouw:node-")
    assert node.endswith("-abc123")
    assert image_tag("node", "abc") != image_tag("node", "abd") != image_tag("balancer", "abd")


def test_the_base_is_the_nodes_alone() -> None:
    made = declared(base="registry.example/python@sha256:11")
    assert made["node"].inputs["build"]["args"]["BASE"] == "registry.example/python@sha256:11"
    assert "BASE" not in made["balancer"].inputs["build"]["args"]


def test_no_password_is_configured() -> None:
    assert all("registry" not in image.inputs for image in declared().values())
