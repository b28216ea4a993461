"""Offline plugins under the real engine: previews without an account, and refusals before anything is made."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import pytest

from pouw.engine import operation
from pouw.engine.operation import Operation, Request
from pouw.engine.outcome import Outcome
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.home import Home
from pouw.progress import SilentProgress
from tests.engine.conftest import MakeProject
from tests.engine.offline.planted import FAULTS, KINDS
from tests.engine.offline.programs import (
    AWS,
    AWS_CONFIG,
    AWS_RESOURCES,
    OTHER_CLOUDS,
    OTHER_CLOUDS_CONFIG,
    OTHER_CLOUDS_RESOURCES,
    RAW,
)

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("pouw_home")]

SETTINGS: Mapping[str, object] = {**AWS_CONFIG, **OTHER_CLOUDS_CONFIG}


def run(engine: Engine, project: Project, kind_of_run: Operation) -> Outcome:
    return operation.run(
        Request(operation=kind_of_run, stack="local"),
        engine,
        SilentProgress(),
        project=project,
        home=Home.from_environment(os.environ),
    )


@pytest.mark.parametrize(
    ("program", "config", "resources"),
    [(AWS, AWS_CONFIG, AWS_RESOURCES), (OTHER_CLOUDS, OTHER_CLOUDS_CONFIG, OTHER_CLOUDS_RESOURCES)],
    ids=["aws", "others"],
)
def test_a_site_is_previewed_without_an_account(
    engine: Engine, make_project: MakeProject, program: str, config: Mapping[str, object], resources: int
) -> None:
    outcome = run(engine, make_project(program, config), Operation.PREVIEW)
    assert list(map(str, outcome.faults)) == []
    assert list(outcome.warnings) == []
    assert outcome.changes.create == resources


def planted(kind: str, *, but: frozenset[str] = frozenset()) -> tuple[dict[str, Any], list[str]]:
    """Return inputs with a fault at every path that has one, and a part of each message."""
    inputs = KINDS[kind]
    texts: dict[str, str] = {}
    for name, path, value, reported in FAULTS:
        if name == kind and path not in texts and path not in but:
            texts[path] = reported
            inputs = type(inputs)(token=inputs.token, inputs=inputs.with_fault(path, value))
    return dict(inputs.inputs), list(texts.values())


@pytest.mark.parametrize(
    ("kind", "but"),
    [
        # Where two faults of the table would be at one place, or one would hide another, some stay out.
        ("vpc", frozenset()),
        ("eks", frozenset()),
        ("aks", frozenset({"agentPoolProfiles.0.name", "networkProfil"})),
        ("storage", frozenset({"sku"})),
        ("gke", frozenset({"location"})),
        ("subnetwork", frozenset({"secondaryIpRanges.0.ipCidrRange"})),
        ("image", frozenset()),
        ("container", frozenset({"ports.0.internal"})),
    ],
)
def test_an_up_with_faults_is_refused_before_anything_is_made(
    engine: Engine, make_project: MakeProject, kind: str, but: frozenset[str]
) -> None:
    inputs, texts = planted(kind, but=but)
    config = {**SETTINGS, "type": KINDS[kind].token, "inputs": json.dumps(inputs)}
    outcome = run(engine, make_project(RAW, config), Operation.UP)
    reported = "\n".join(map(str, outcome.faults))
    assert not outcome.ok
    assert [text for text in texts if text not in reported] == []
    assert [one for one in outcome.resources if one.type == KINDS[kind].token] == []


def test_an_up_says_which_official_plugin_is_missing(engine: Engine, make_project: MakeProject) -> None:
    config = {**SETTINGS, "type": KINDS["vpc"].token, "inputs": json.dumps(KINDS["vpc"].inputs)}
    outcome = run(engine, make_project(RAW, config), Operation.UP)
    version = metadata.version("pulumi-aws")
    assert f"`pulumi plugin install resource aws {version}`" in "\n".join(map(str, outcome.faults))


def test_a_secret_with_a_fault_is_never_shown(engine: Engine, make_project: MakeProject) -> None:
    inputs = json.dumps({**KINDS["vpc"].inputs, "instanceTenancy": "CANARY-VALUE"})
    config = {**SETTINGS, "type": KINDS["vpc"].token, "inputs": inputs, "hidden": "instanceTenancy"}
    outcome = run(engine, make_project(RAW, config), Operation.UP)
    reported = [*map(str, outcome.faults), *map(str, outcome.warnings)]
    assert "instanceTenancy: must be one of default, dedicated" in "\n".join(reported)
    assert "CANARY-VALUE" not in "\n".join(reported)
