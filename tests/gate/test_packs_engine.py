"""The repository's own pack with the real engine: without our gate, and on what is not known before a deployment."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from textwrap import dedent

import pytest

from infra.settings.stack import Settings
from policies.rule import Level
from pouw.engine import operation
from pouw.engine.operation import Operation, Request
from pouw.engine.resolution import Engine
from pouw.errors import ExitCode
from pouw.gate import stack_policy
from pouw.gate.stack_policy import PACK
from pouw.gate.verdict import Kind
from pouw.home import Home
from pouw.progress import SilentProgress
from pouw.run.admission import Admission
from pouw.run.result import exit_code
from tests.engine.conftest import MakeProject, engine, make_project, pouw_home
from tests.gate.programs import PACK as TINY_PACK
from tests.gate.programs import PROGRAM
from tests.gate.tiny_rules import FINISH, SIZE
from tests.policies.test_rules import RULES

__all__ = ["engine", "make_project", "pouw_home"]

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("pouw_home")]


def test_the_official_command_line_reports_advice_as_advice(
    engine: Engine, make_project: MakeProject, tmp_path: Path
) -> None:
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (pack / "__main__.py").write_text(dedent(TINY_PACK.replace("{repository!r}", repr(str(PACK.parent)))))
    part = {"size": 9, "colour": "red", "finish": "shiny", "label": "one"}
    project = make_project(PROGRAM, {"tiny:parts": {"a": part}})
    request = Request(operation=Operation.PREVIEW, stack="local", policy_packs=[pack])
    outcome = operation.run(request, engine, SilentProgress(), project=project, home=Home.from_environment(os.environ))
    reports = {(one.level, one.message.split("\n")[1].partition(" ")[0]) for one in outcome.violations}
    assert reports == {("mandatory", SIZE.id), ("advisory", FINISH.id)}


def test_the_pack_needs_nothing_but_its_folder(engine: Engine, make_project: MakeProject) -> None:
    part = {"size": 2, "colour": "red", "finish": "matt", "label": "one"}
    project = make_project(PROGRAM, {"tiny:parts": {"a": part}})
    request = Request(operation=Operation.PREVIEW, stack="local", policy_packs=[PACK])
    outcome = operation.run(request, engine, SilentProgress(), project=project, home=Home.from_environment(os.environ))
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


def test_an_iam_policy_with_an_unknown_resource_is_not_evaluated(engine: Engine, make_project: MakeProject) -> None:
    request = Request(operation=Operation.PREVIEW, stack="local")
    settings = Settings(environment="staging", sites=())
    admission = Admission(
        settings=settings,
        policy=stack_policy.load("local", settings),
        engine=engine,
        home=Home.from_environment(os.environ),
        progress=SilentProgress(),
        project=make_project(KEYED),
    )
    result = admission.preview(request)
    assert exit_code(result) is ExitCode.POLICY
    assert result.verdict is not None
    findings = [finding for finding in result.verdict.findings if finding.rule == ADMINISTRATOR]
    assert {(finding.kind, finding.blocks) for finding in findings} == {(Kind.UNEVALUATED, True)}
