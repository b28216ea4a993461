"""What complies and what is broken are both what the SDK takes, to the innermost name."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pouw.engine.plugins.core.sdk_types import Sdk
from pouw.engine.plugins.core.validation import Validator
from tests.policies.contract import Case
from tests.policies.test_rules import CASES

SDKS: Mapping[str, Sdk] = {"aws": Sdk("pulumi_aws"), "azure": Sdk("pulumi_azure_native")}
VALIDATORS = {cloud: Validator(sdk, is_open=lambda _: True) for cloud, sdk in SDKS.items()}
MISSING = "is required"
"""A fixture has what its rule is about, and leaves out what the cloud asks for besides."""


def cloud(case: Case) -> str:
    return case.rule.id.partition("-")[0]


@pytest.mark.parametrize("case", [case for case in CASES if cloud(case) in SDKS], ids=str)
def test_a_fixture_is_made_of_what_its_type_has(case: Case) -> None:
    sdk, validator = SDKS[cloud(case)], VALIDATORS[cloud(case)]
    for given in (*case.stack(), *case.broken_stack()):
        described = sdk.resource(given.type)
        assert described is not None
        inputs = {name: value for name, value in given.props.items() if name in described.inputs}
        assert [fault for fault in validator.faults(inputs, described.inputs) if MISSING not in fault] == []
