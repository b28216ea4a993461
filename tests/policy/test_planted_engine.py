"""The whole pack under the real engine, a cloud at a time: every planted violation, once, and none where none is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pytest

from policies import catalogue, packconfig
from pouw.engine.operation import Operation, Request
from pouw.engine.resolution import Engine
from pouw.policy import gate
from pouw.policy.gate import Gate, Judged
from pouw.policy.verdict import Kind
from pouw.progress import SilentProgress
from tests.engine.conftest import MakeProject, engine, make_project, pouw_home
from tests.policies.planted import PROGRAM, Part, docker, gcp

__all__ = ["engine", "make_project", "pouw_home"]

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("pouw_home")]


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """What is planted for a cloud, and where its provider is told to work."""

    name: str
    config: Mapping[str, str]
    broken: Sequence[Part]
    breaks: Mapping[str, frozenset[str]]
    clean: Sequence[Part]

    def __str__(self) -> str:
        return self.name


each_cloud = pytest.mark.parametrize(
    "cloud",
    [
        Cloud(name="gcp", config=gcp.CONFIG, broken=gcp.BROKEN, breaks=gcp.BREAKS, clean=gcp.CLEAN),
        Cloud(name="docker", config={}, broken=docker.BROKEN, breaks=docker.BREAKS, clean=docker.CLEAN),
    ],
    ids=str,
)
Judge = Callable[[Cloud, Sequence[Part]], Judged]


@pytest.fixture
def judge(engine: Engine, make_project: MakeProject) -> Judge:
    """Previews a stack of these parts with the pack, as strict as in production."""

    def run(cloud: Cloud, parts: Sequence[Part]) -> Judged:
        told = {"environment": packconfig.PRODUCTION, "waived": []}
        rules = catalogue.every_rule()
        project = make_project(PROGRAM, {**cloud.config, "parts": json.dumps([part.as_json() for part in parts])})
        strict = Gate(
            stack="local", told=told, config=packconfig.parse(told, rules), waivers=(), today=gate.utc_today()
        )
        request = Request(operation=Operation.PREVIEW, stack="local")
        return gate.run(request, engine, SilentProgress(), strict, project=project)

    return run


@each_cloud
def test_every_rule_of_the_cloud_is_broken_somewhere(cloud: Cloud) -> None:
    assert set().union(*cloud.breaks.values()) == {rule.id for rule in catalogue.rules_of(cloud.name)}
    assert set(cloud.breaks) == {part.name for part in cloud.broken}


@each_cloud
def test_what_is_planted_is_found_whole_and_no_violation_is_told_twice(cloud: Cloud, judge: Judge) -> None:
    judged = judge(cloud, cloud.broken)
    assert list(map(str, judged.outcome.faults)) == []
    assert judged.verdict.gaps == []
    assert [str(one) for one in judged.verdict.findings if one.kind is not Kind.VIOLATION] == []
    found: dict[str, set[str]] = {}
    for one in judged.verdict.findings:
        found.setdefault(one.urn.rpartition("::")[2], set()).add(one.rule)
    assert found == cloud.breaks
    told = Counter((one.rule, one.urn, one.path, one.message) for one in judged.verdict.findings)
    assert [one for one, times in told.items() if times > 1] == []


@each_cloud
def test_a_stack_in_order_passes_whole(cloud: Cloud, judge: Judge) -> None:
    judged = judge(cloud, cloud.clean)
    assert list(map(str, judged.outcome.faults)) == []
    assert list(map(str, judged.verdict.findings)) == []
    assert judged.verdict.gaps == []
    # A rule that passed for want of a resource would be no proof.
    passed = {rule for rule in judged.verdict.passed if rule.startswith(f"{cloud.name}-")}
    assert len(passed) > len(catalogue.rules_of(cloud.name)) * 3 // 4
