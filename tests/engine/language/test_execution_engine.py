"""The patches of the Pulumi SDK: they change the time of a program, and not its result."""

from __future__ import annotations

import os

import pytest

from pouw.engine import operation
from pouw.engine.operation import Operation, Request
from pouw.engine.outcome import Outcome
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.home import Home
from pouw.progress import SilentProgress
from tests.engine.conftest import MakeProject

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("pouw_home")]


def preview(engine: Engine, project: Project, **environment: str) -> Outcome:
    request = Request(operation=Operation.PREVIEW, stack="local", environment=environment)
    home = Home.from_environment(os.environ)
    return operation.run(request, engine, SilentProgress(), project=project, home=home)


def test_a_patched_sdk_imports_one_module_and_the_package_on_demand(engine: Engine, make_project: MakeProject) -> None:
    project = make_project(
        """
        import sys

        import pulumi
        import pulumi_aws
        from pulumi_aws.wafv2.web_acl import WebAcl

        pulumi.export("package", "pulumi_aws.wafv2.rule_group" in sys.modules)
        pulumi.export("same", pulumi_aws.wafv2.WebAcl is WebAcl)
        pulumi.export("others", [pulumi_aws.wafv2.RuleGroup.__name__, pulumi_aws.wafv2.outputs.WebAclRule.__name__])
        """
    )
    outcome = preview(engine, project)
    assert outcome.ok, outcome.faults
    assert outcome.outputs == {"package": False, "same": True, "others": ["RuleGroup", "WebAclRule"]}


def test_an_sdk_without_patches_imports_the_complete_package(engine: Engine, make_project: MakeProject) -> None:
    project = make_project(
        """
        import sys

        import pulumi
        from pulumi_aws.wafv2.web_acl import WebAcl

        pulumi.export("package", "pulumi_aws.wafv2.rule_group" in sys.modules)
        """
    )
    outcome = preview(engine, project, POUW_SDK_PATCHES="off")
    assert outcome.ok, outcome.faults
    assert outcome.outputs == {"package": True}


@pytest.mark.parametrize("patches", ["on", "off"])
def test_a_failed_value_ends_the_program_although_another_is_unknown(
    engine: Engine, make_project: MakeProject, patches: str
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
    outcome = preview(engine, project, POUW_SDK_PATCHES=patches)
    assert not outcome.ok
    assert "ZeroDivisionError" in str(outcome.faults[0])
