"""The whole pack under the real engine: it reports every planted violation once, and none in the clean twins."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from policies import catalogue, pack_config
from policies.rule import CLOUDS, Level
from pouw.engine.operation import Operation, Request
from pouw.engine.outcome import Conclusion
from pouw.engine.resolution import Engine
from pouw.gate import evaluation, manifest_check, stack_policy
from pouw.gate.evaluation import Evaluation
from pouw.gate.stack_policy import StackPolicy
from pouw.gate.verdict import Finding, Kind
from pouw.home import Home
from pouw.progress import SilentProgress
from tests.engine.conftest import MakeProject, engine, make_project, pouw_home
from tests.gate.programs import declaring
from tests.policies.analyzer import UNKNOWN
from tests.policies.stacks import DeclaredStack, file_of, load_stack, rules_of

__all__ = ["engine", "make_project", "pouw_home"]

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("pouw_home")]

each_cloud = pytest.mark.parametrize("cloud", CLOUDS)
Judge = Callable[[DeclaredStack], Evaluation]


@pytest.fixture
def judge(engine: Engine, make_project: MakeProject) -> Judge:
    """Previews a stack, whose inputs are checked as any program's; as strict as in production."""

    def run(stack: DeclaredStack) -> Evaluation:
        configuration = {"environment": pack_config.PRODUCTION, "settings": stack.settings}
        config = pack_config.parse(configuration, catalogue.every_rule())
        strict = StackPolicy(
            stack="local", configuration=configuration, config=config, waivers=(), today=stack_policy.utc_today()
        )
        project = declaring(make_project, stack.parts, stack.config)
        request = Request(operation=Operation.PREVIEW, stack="local")
        result = evaluation.evaluate(
            request, engine, SilentProgress(), strict, home=Home.from_environment(os.environ), project=project
        )
        assert list(map(str, result.outcome.faults)) == []
        assert result.verdict.gaps == []
        return result

    return run


@each_cloud
def test_every_planted_violation_is_reported_exactly_once(cloud: str, judge: Judge) -> None:
    stack = load_stack("planted", cloud)
    result = judge(stack)
    findings = result.verdict.findings
    assert result.outcome.conclusion is Conclusion.REFUSED
    assert result.verdict.red
    assert [str(one) for one in findings if one.kind is not Kind.VIOLATION] == []
    assert stack.count(findings) == stack.planted
    reports = Counter((one.rule, one.urn, one.path, one.message) for one in findings)
    assert [one for one, times in reports.items() if times > 1] == []


@each_cloud
def test_a_stack_in_order_passes_and_every_rule_has_looked_at_something(cloud: str, judge: Judge) -> None:
    result = judge(load_stack("clean", cloud))
    assert result.outcome.ok
    assert not result.verdict.red
    assert list(map(str, result.verdict.findings)) == []
    # A rule that passed for want of a resource would be no proof.
    assert rules_of(cloud) - set(result.verdict.passed) == set()


@pytest.mark.parametrize("cloud", [name for name in CLOUDS if name != "pouw"])
def test_where_nothing_is_known_every_mandatory_rule_refuses(cloud: str, judge: Judge) -> None:
    """Preview the stack with every property unknown that it or its planted twin has; settings are known."""
    keys: defaultdict[str, set[str]] = defaultdict(set)
    for part in (*load_stack("clean", cloud).parts, *load_stack("planted", cloud).parts):
        keys[part.type] |= set(part.props) - {"apiVersion", "kind"}
    clean = load_stack("clean", cloud)
    parts = [replace(part, props={**part.props, **dict.fromkeys(keys[part.type], UNKNOWN)}) for part in clean.parts]
    result = judge(replace(clean, parts=parts))
    assert result.outcome.conclusion is Conclusion.REFUSED
    assert result.verdict.red
    mandatory = {name for name in rules_of(cloud) if catalogue.every_rule()[name].level is Level.MANDATORY}
    assert mandatory - {one.rule for one in result.verdict.findings if one.blocks} == set()


def test_plain_manifests_have_the_same_findings(judge: Judge) -> None:
    stack = load_stack("planted", "kubernetes")
    verdict = manifest_check.verdict(file_of("planted", "kubernetes"))
    assert locations_of(stack, verdict.findings) == locations_of(stack, judge(stack).verdict.findings)


def locations_of(stack: DeclaredStack, findings: Iterable[Finding]) -> Counter[tuple[str, str, str]]:
    """Rule, resource and path of each finding."""
    return Counter((one.rule, stack.part(one.urn).name, one.path) for one in findings)
