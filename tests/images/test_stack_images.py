"""Which images are built here, and what is told of images that cannot run, before anything is changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infra.settings.loading import parse
from infra.settings.stack import Settings
from pouw.images import stack_images
from pouw.images.registry import Look, Verdict

EMBEDDED = {"name": "local", "cloud": "kubernetes"}
KIND = {**EMBEDDED, "context": "kind-dev"}
ELSEWHERE = {**EMBEDDED, "context": "office"}
NAMED = {"node": "registry.example/node:1", "balancer": "registry.example/balancer:1"}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cluster of this machine's counts."""
    monkeypatch.setenv("POUW_HOME", str(tmp_path))


def stack(site: dict[str, Any], **named: str) -> Settings:
    """A stack of one site."""
    return parse({"environment": "local", "sites": [site], "images": named})


def told(settings: Settings, verdict: Verdict = Verdict.THERE, *, runs: bool = False) -> list[str]:
    """Paths and messages of the faults, where every registry says ``verdict``."""
    found = stack_images.faults(
        settings, look=lambda _: Look(verdict=verdict, host="h", said="status 1"), runs=lambda _: runs
    )
    return [f"{one.path}: {one.message}" for one in found]


@pytest.mark.parametrize(
    ("site", "named", "built"),
    [
        (EMBEDDED, {}, ["node", "balancer"]),
        (EMBEDDED, {"node": NAMED["node"]}, ["balancer"]),
        (EMBEDDED, NAMED, []),
        (KIND, {}, ["node", "balancer"]),
        (ELSEWHERE, NAMED, []),
    ],
)
def test_what_the_stack_does_not_name_is_built_where_this_machine_runs_it(
    site: dict[str, Any], named: dict[str, str], built: list[str]
) -> None:
    assert list(stack_images.built_here(stack(site, **named))) == built
    assert list(stack_images.references(stack(site, **named))) == built


@pytest.mark.parametrize("verdict", [Verdict.MISSING, Verdict.CLOSED, Verdict.UNREACHABLE])
def test_what_the_embedded_cluster_cannot_pull_is_told(verdict: Verdict) -> None:
    [node, balancer] = told(stack(EMBEDDED, **NAMED), verdict)
    assert node.startswith("pouw:images.node: the registry")
    assert balancer.startswith("pouw:images.balancer: the registry")


def test_what_the_embedded_cluster_holds_is_asked_of_nobody() -> None:
    assert told(stack(EMBEDDED, **NAMED), Verdict.MISSING, runs=True) == []


@pytest.mark.parametrize(("verdict", "faults"), [(Verdict.MISSING, 2), (Verdict.CLOSED, 0), (Verdict.UNREACHABLE, 0)])
def test_of_another_cluster_only_a_plain_no_counts(verdict: Verdict, faults: int) -> None:
    assert len(told(stack(ELSEWHERE, **NAMED), verdict)) == faults


def test_a_cluster_elsewhere_needs_its_images_named() -> None:
    [fault] = stack_images.faults(
        stack(ELSEWHERE, node=NAMED["node"]), look=lambda _: Look(verdict=Verdict.THERE, host="h")
    )
    assert fault.path == "pouw:images"
    assert fault.got == "no balancer"


def test_a_kind_cluster_needs_the_program_that_loads_images_into_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert told(stack(KIND)) == [
        "pouw:sites[local].context: images are loaded into this cluster by kind, which is not on PATH"
    ]
    assert told(stack(KIND, **NAMED)) == []
