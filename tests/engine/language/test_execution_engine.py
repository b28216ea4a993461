"""What our host spares a program changes its time and nothing that it sees."""

from __future__ import annotations

import os

import pytest

from pouw.engine import operation
from pouw.engine.operation import Operation, Request
from pouw.engine.resolution import Engine
from pouw.home import Home
from pouw.progress import SilentProgress
from tests.engine.conftest import MakeProject

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("pouw_home")]


def test_a_module_of_an_sdk_comes_without_its_package_and_the_package_is_there_when_asked_for(
    engine: Engine, make_project: MakeProject
) -> None:
    project = make_project(
        """
        import sys

        import pulumi
        import pulumi_aws
        from pulumi_aws.wafv2.web_acl import WebAcl

        pulumi.export("whole", "pulumi_aws.wafv2.rule_group" in sys.modules)
        pulumi.export("same", pulumi_aws.wafv2.WebAcl is WebAcl)
        pulumi.export("others", [pulumi_aws.wafv2.RuleGroup.__name__, pulumi_aws.wafv2.outputs.WebAclRule.__name__])
        """
    )
    request = Request(operation=Operation.PREVIEW, stack="local")
    outcome = operation.run(request, engine, SilentProgress(), project=project, home=Home.from_environment(os.environ))
    assert outcome.ok, outcome.faults
    assert outcome.outputs == {"whole": False, "same": True, "others": ["RuleGroup", "WebAclRule"]}


def test_a_value_that_fails_ends_the_program_though_another_is_never_known(
    engine: Engine, make_project: MakeProject
) -> None:
    project = make_project(
        """
        import asyncio

        import pulumi


        async def never():
            await asyncio.Event().wait()


        pulumi.Output.from_input(never())
        pulumi.Output.from_input(0).apply(lambda value: 1 // value)
        """
    )
    request = Request(operation=Operation.PREVIEW, stack="local")
    outcome = operation.run(request, engine, SilentProgress(), project=project, home=Home.from_environment(os.environ))
    assert not outcome.ok
    assert "ZeroDivisionError" in str(outcome.faults[0])
