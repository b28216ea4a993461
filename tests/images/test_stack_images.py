"""Images of a stack: which ones are built here, and the faults of those that a cluster cannot run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infra.settings.loader import parse
from infra.settings.stack import Settings
from pouw.home import Home
from pouw.images import stack_images
from pouw.images.registry import Look, Verdict

EMBEDDED = {"name": "local", "cloud": "kubernetes"}
KIND = {**EMBEDDED, "context": "kind-dev"}
REMOTE = {**EMBEDDED, "context": "office"}
REFERENCES = {"node": "registry.example/node:1", "balancer": "registry.example/balancer:1"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a home without any program on PATH."""
    return Home.from_environment({"POUW_HOME": str(tmp_path), "PATH": str(tmp_path)})


def stack(site: dict[str, Any], **images: str) -> Settings:
    """Return the settings of a stack with one site."""
    return parse({"environment": "local", "sites": [site], "images": images})


def faults(settings: Settings, home: Home, verdict: Verdict, *, is_held: bool | None = False) -> list[str]:
    """Return paths and messages of the faults, if every registry answers with ``verdict``."""

    def look(reference: str) -> Look:
        return Look(verdict=verdict, host=reference.partition("/")[0], answer="status 1")

    results = stack_images.faults(settings, holds=lambda _: is_held, home=home, look=look)
    return [f"{fault.path}: {fault.message}" for fault in results]


@pytest.mark.parametrize(
    ("site", "references", "kinds"),
    [
        (EMBEDDED, {}, ["node", "balancer"]),
        (EMBEDDED, {"node": REFERENCES["node"]}, ["balancer"]),
        (EMBEDDED, REFERENCES, []),
        (KIND, {}, ["node", "balancer"]),
        (REMOTE, REFERENCES, []),
    ],
)
def test_images_without_a_name_are_built_for_a_cluster_of_this_machine(
    site: dict[str, Any], references: dict[str, str], kinds: list[str]
) -> None:
    assert list(stack_images.built_here(stack(site, **references))) == kinds
    assert list(stack_images.references(stack(site, **references))) == kinds


@pytest.mark.parametrize("verdict", [Verdict.MISSING, Verdict.CLOSED, Verdict.UNREACHABLE])
def test_images_that_the_embedded_cluster_cannot_pull_are_faults(home: Home, verdict: Verdict) -> None:
    [node, balancer] = faults(stack(EMBEDDED, **REFERENCES), home, verdict)
    assert node.startswith("pouw:images.node: the registry")
    assert balancer.startswith("pouw:images.balancer: the registry")


def test_images_that_the_embedded_cluster_holds_are_not_looked_up(home: Home) -> None:
    assert faults(stack(EMBEDDED, **REFERENCES), home, Verdict.MISSING, is_held=True) == []


@pytest.mark.parametrize("site", [REMOTE, EMBEDDED])
@pytest.mark.parametrize(("verdict", "count"), [(Verdict.MISSING, 2), (Verdict.CLOSED, 0), (Verdict.UNREACHABLE, 0)])
def test_without_an_answer_of_the_cluster_only_a_missing_image_is_a_fault(
    home: Home, site: dict[str, Any], verdict: Verdict, count: int
) -> None:
    assert len(faults(stack(site, **REFERENCES), home, verdict, is_held=None)) == count


def test_a_remote_cluster_needs_names_of_all_images(home: Home) -> None:
    [fault] = stack_images.faults(
        stack(REMOTE, node=REFERENCES["node"]),
        holds=lambda _: None,
        home=home,
        look=lambda _: Look(verdict=Verdict.PRESENT, host="h"),
    )
    assert fault.path == "pouw:images"
    assert fault.got == "no balancer"


def test_a_kind_cluster_needs_the_program_that_loads_images_into_it(home: Home) -> None:
    assert faults(stack(KIND), home, Verdict.PRESENT) == [
        "pouw:sites[local].context: images are loaded into this cluster by kind, which is not on PATH"
    ]
    assert faults(stack(KIND, **REFERENCES), home, Verdict.PRESENT) == []
