"""The repository's own pack with the real engine: on its own stacks, on planted violations, and without our gate."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from textwrap import dedent

import pytest

from infra.settings import Settings
from policies.rule import CLOUDS, AnyRule, Level, Rule, StackRule
from pouw.engine import operation
from pouw.engine.operation import Operation, Request
from pouw.engine.resolution import Engine
from pouw.errors import ExitCode
from pouw.policy import admission, gate
from pouw.policy.gate import PACK, gate_of
from pouw.policy.verdict import Kind, Verdict
from pouw.progress import SilentProgress
from tests.engine.conftest import MakeProject, engine, make_project, pouw_home
from tests.policies.analyzer import Analyzer, Given
from tests.policies.contract import Case
from tests.policies.test_rules import CASES, RULES
from tests.policy.programs import PACK as TINY_PACK
from tests.policy.programs import PROGRAM
from tests.policy.tiny_rules import FINISH, SIZE

__all__ = ["engine", "make_project", "pouw_home"]

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("pouw_home")]

# The engine hands a component to the pack by its type like any resource, and asks no provider about it.
PLANTED = """
    import json
    import pathlib

    import pulumi


    class Planted(pulumi.ComponentResource):
        def __init__(self, type, name, props):
            super().__init__(type, name, props)
            self.register_outputs(props)


    GIVEN = {one["name"]: one for one in json.loads(pathlib.Path("planted.json").read_text())}
    MADE = {}


    def made(name):
        if name not in MADE:
            one = GIVEN[name]
            origins = {key: [made(other).urn for other in names] for key, names in one["refers"].items()}
            props = {
                key: pulumi.Output.all(value, *origins.get(key, [])).apply(lambda known: known[0])
                for key, value in {**dict.fromkeys(origins), **one["props"]}.items()
            }
            MADE[name] = Planted(one["type"], name, props)
        return MADE[name]


    for name in GIVEN:
        made(name)
"""


def single(cloud: str) -> list[Case]:
    """The cases of a cloud's rules about one resource, seen alone."""
    return [case for case in CASES if case.rule.id.startswith(f"{cloud}-") and isinstance(case.rule, Rule)]


def among(cloud: str) -> list[Case]:
    """A case each of a cloud's rules about a resource among others."""
    found = {case.rule.id: case for case in reversed(CASES) if isinstance(case.rule, StackRule)}
    return [case for name, case in found.items() if name.startswith(f"{cloud}-")]


def judged(given: Sequence[Given], engine: Engine, make_project: MakeProject) -> Verdict:
    """The verdict on a program that declares these."""
    project = make_project(PLANTED, folder="planted")
    (project.root / "planted.json").write_text(json.dumps([asdict(one) for one in given]))
    request = Request(operation=Operation.PREVIEW, stack="local")
    gate_ = gate_of("local", Settings(environment="production", sites=()))
    result = gate.run(request, engine, SilentProgress(), gate_, project=project)
    assert not result.outcome.faults, [*map(str, result.outcome.faults)]
    assert result.verdict.gaps == []
    assert result.verdict.red
    return result.verdict


def found(verdict: Verdict, kind: type[AnyRule]) -> Counter[tuple[str, str, str]]:
    """What rules of this kind found: rule, name of the resource, path."""
    known = {rule.id for rule in RULES.values() if isinstance(rule, kind)}
    return Counter((one.rule, one.urn.rsplit("::", 1)[-1], one.path) for one in verdict.findings if one.rule in known)


@pytest.mark.parametrize("cloud", [name for name in CLOUDS if single(name)])
def test_planted_violations_are_reported_completely_and_once(
    cloud: str, engine: Engine, make_project: MakeProject
) -> None:
    broken = [case.broken_stack()[0] for case in single(cloud)]
    given = [replace(one, name=f"planted{number}") for number, one in enumerate(broken)]
    analyzer = Analyzer()
    expected = Counter((said.rule, one.name, said.path) for one in given for said in analyzer.resource(one))
    reported = found(judged(given, engine, make_project), Rule)
    assert reported == expected
    assert {case.rule.id for case in single(cloud)} <= {rule for rule, _, _ in reported}


@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_violations_planted_among_resources_are_reported_completely_and_once(
    cloud: str, engine: Engine, make_project: MakeProject
) -> None:
    """Google Cloud, images and Kubernetes have planted stacks of their own, where stack rules are broken too."""
    given = [
        replace(
            one,
            name=f"{number}-{one.name}",
            refers={key: [f"{number}-{name}" for name in names] for key, names in one.refers.items()},
        )
        for number, case in enumerate(among(cloud))
        for one in case.broken_stack()
    ]
    expected = Counter((said.rule, said.urn.rsplit("::", 1)[-1], said.path) for said in Analyzer().stack(*given))
    reported = found(judged(given, engine, make_project), StackRule)
    # The settings of the stack are judged, too: it has no site at all.
    reported = Counter({key: times for key, times in reported.items() if not key[0].startswith("pouw-")})
    assert reported == expected
    assert {case.rule.id for case in among(cloud)} <= {rule for rule, _, _ in reported}


def test_the_official_command_line_alone_is_told_advice_as_advice(
    engine: Engine, make_project: MakeProject, tmp_path: Path
) -> None:
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (pack / "__main__.py").write_text(dedent(TINY_PACK.replace("{repository!r}", repr(str(PACK.parent)))))
    part = {"size": 9, "colour": "red", "finish": "shiny", "label": "one"}
    project = make_project(PROGRAM, {"tiny:parts": {"a": part}})
    request = Request(operation=Operation.PREVIEW, stack="local", policy_packs=[pack])
    outcome = operation.run(request, engine, SilentProgress(), project=project)
    told = {(one.level, one.message.split("\n")[1].partition(" ")[0]) for one in outcome.violations}
    assert told == {("mandatory", SIZE.id), ("advisory", FINISH.id)}


def test_the_pack_needs_nothing_but_its_folder(engine: Engine, make_project: MakeProject) -> None:
    part = {"size": 2, "colour": "red", "finish": "matt", "label": "one"}
    project = make_project(PROGRAM, {"tiny:parts": {"a": part}})
    request = Request(operation=Operation.PREVIEW, stack="local", policy_packs=[PACK])
    outcome = operation.run(request, engine, SilentProgress(), project=project)
    assert outcome.ok, outcome.faults
    assert outcome.violations == []
    assert {one.pack for one in outcome.tallies} == {"pouw"}


def test_most_rules_refuse() -> None:
    levels = Counter(rule.level for rule in RULES.values())
    assert levels[Level.MANDATORY] > levels[Level.ADVISORY]
    assert levels[Level.DISABLED] == 0


KEYED = """
    import pulumi
    import pulumi_aws as aws

    provider = aws.Provider("cloud", region="us-east-1")
    opts = pulumi.ResourceOptions(provider=provider)
    key = aws.kms.Key("key", enable_key_rotation=True, opts=opts)
    statement = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key.arn}
    aws.iam.Policy(
        "policy",
        policy=pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [statement]}),
        opts=opts,
    )
"""
ADMINISTRATOR = "aws-iam-policy-deny-administrator"


def test_a_policy_that_names_what_is_not_made_yet_is_not_evaluated_and_refuses(
    engine: Engine, make_project: MakeProject
) -> None:
    request = Request(operation=Operation.PREVIEW, stack="local")
    gate_ = gate_of("local", Settings(environment="production", sites=()))
    outcome = admission.preview(request, gate_, engine, SilentProgress(), project=make_project(KEYED))
    assert outcome.exit_code is ExitCode.POLICY
    assert outcome.verdict is not None
    found = [one for one in outcome.verdict.findings if one.rule == ADMINISTRATOR]
    assert {(one.kind, one.blocks) for one in found} == {(Kind.UNEVALUATED, True)}
