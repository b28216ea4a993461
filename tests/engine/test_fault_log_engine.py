"""Faults as data under the real engine: from a provider plugin or a program to the result of the run."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

import pytest

from pouw.engine import operation
from pouw.engine.operation import Operation, Request
from pouw.engine.outcome import Outcome, ResourceFault
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.home import Home
from pouw.progress import SilentProgress
from tests.engine.conftest import MakeProject
from tests.engine.offline.planted import KINDS
from tests.engine.offline.programs import AWS_CONFIG, RAW

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("pouw_home")]


def preview(engine: Engine, project: Project) -> Outcome:
    return operation.run(
        Request(operation=Operation.PREVIEW, stack="local"),
        engine,
        SilentProgress(),
        project=project,
        home=Home.from_environment(os.environ),
    )


def vpc_faults(
    engine: Engine, make_project: MakeProject, inputs: Mapping[str, Any], **config: str
) -> Mapping[str, ResourceFault]:
    content = json.dumps({**KINDS["vpc"].inputs, **inputs})
    project = make_project(RAW, {**AWS_CONFIG, "type": KINDS["vpc"].token, "inputs": content, **config})
    faults = preview(engine, project).faults
    assert {fault.path for fault in faults} == {"aws:ec2/vpc:Vpc some"}
    return {fault.property: fault for fault in faults}


def test_every_fault_of_a_resource_has_its_parts(engine: Engine, make_project: MakeProject) -> None:
    faults = vpc_faults(
        engine, make_project, {"cidrBlock": "10.0.0.1/16", "instanceTenancy": "dedicatd", "cidrBlok": "10.0.0.0/16"}
    )
    assert set(faults) == {"cidrBlock", "instanceTenancy", "cidrBlok"}
    block = faults["cidrBlock"]
    assert (block.got, block.expected, block.reason) == (
        "'10.0.0.1/16'",
        "a range in CIDR notation such as 10.0.0.0/16",
        "it has host bits set",
    )
    assert (faults["instanceTenancy"].got, faults["instanceTenancy"].expected) == (
        "'dedicatd'",
        "one of default, dedicated",
    )
    assert faults["cidrBlok"].remedy == "did you mean 'cidrBlock'?"
    assert "cidrBlok: there is no such field" in faults["cidrBlok"].message


def test_a_secret_value_is_in_no_part_of_a_fault(engine: Engine, make_project: MakeProject) -> None:
    faults = vpc_faults(engine, make_project, {"instanceTenancy": "CANARY-VALUE"}, hidden="instanceTenancy")
    fault = faults["instanceTenancy"]
    assert (fault.got, fault.expected) == ("a string", "one of default, dedicated")
    assert "CANARY" not in repr(fault)


def test_a_value_that_holds_the_words_of_a_message_stays_whole(engine: Engine, make_project: MakeProject) -> None:
    text = "x; got y; expected z, because w; must be u, got v"
    fault = vpc_faults(engine, make_project, {"instanceTenancy": text})["instanceTenancy"]
    assert (fault.got, fault.expected, fault.reason) == (repr(text), "one of default, dedicated", "")


def test_a_value_that_the_engine_replaces_as_secret_is_not_reported(engine: Engine, make_project: MakeProject) -> None:
    # The program reads a secret of its configuration as plain text, so the provider cannot know that it is secret.
    program = f"""
        import pulumi


        class Raw(pulumi.CustomResource):
            def __init__(self, name, inputs):
                super().__init__({KINDS["vpc"].token!r}, name, inputs)


        Raw("some", {{"cidrBlock": "10.0.0.0/16", "instanceTenancy": pulumi.Config().require("tenancy")}})
    """
    project = make_project(program, dict(AWS_CONFIG))
    extra = {"tiny:tenancy": ("CANARY-VALUE", True)}
    request = Request(operation=Operation.UP, stack="local", extra_config=extra)
    outcome = operation.run(request, engine, SilentProgress(), project=project, home=Home.from_environment(os.environ))
    (fault,) = outcome.faults
    assert "instanceTenancy: must be one of default, dedicated, got '[secret]'" in fault.message
    assert (fault.property, fault.got) == ("", "")
    assert "CANARY" not in repr(outcome.faults)


PROGRAM = """
    from infra.faults import Fault
    from infra.program_error import ProgramError

    raise ProgramError(
        [
            Fault(path="pouw:a", message="is wrong", got="b; got c", expected="d", reason="e", remedy="set d"),
            Fault(path="pouw:f", message="is missing"),
        ],
        heading="unusable:",
    )
"""


def test_each_fault_of_a_program_is_a_fault_of_the_run(engine: Engine, make_project: MakeProject) -> None:
    first, second = preview(engine, make_project(PROGRAM)).faults
    assert (first.resource, first.path, first.got, first.expected, first.reason, first.remedy) == (
        "",
        "pouw:a",
        "b; got c",
        "d",
        "e",
        "set d",
    )
    assert str(second) == "pouw:f: is missing"


def test_a_message_of_an_official_provider_stays_whole(engine: Engine, make_project: MakeProject) -> None:
    program = "import pulumi\nraise pulumi.RunError('a: is wrong; got b; expected c')\n"
    (fault,) = preview(engine, make_project(program)).faults
    assert fault.message == "a: is wrong; got b; expected c"
    assert (fault.got, fault.expected) == ("", "")
