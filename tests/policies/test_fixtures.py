"""What complies and what is broken are both what the SDK takes, to the innermost name."""

from __future__ import annotations

import pytest

from pouw.engine.plugins.core.sdk_types import Sdk
from pouw.engine.plugins.core.validation import Validator
from tests.policies.contract import Case
from tests.policies.test_rules import CASES

SDKS = {package: Sdk(f"pulumi_{package.replace('-', '_')}") for package in ("aws", "azure-native", "gcp", "docker")}
VALIDATORS = {package: Validator(sdk, is_open=lambda _: True) for package, sdk in SDKS.items()}
MISSING = "is required"
"""A fixture has what its rule is about, and leaves out what the cloud asks for besides."""


@pytest.mark.parametrize("case", [case for case in CASES if case.subject.type.partition(":")[0] in SDKS], ids=str)
def test_a_fixture_is_made_of_what_its_type_has(case: Case) -> None:
    for given in (*case.stack(), *case.broken_stack()):
        package = given.type.partition(":")[0]
        described = SDKS[package].resource(given.type)
        assert described is not None
        inputs = {name: value for name, value in given.props.items() if name in described.inputs}
        faults = VALIDATORS[package].faults(inputs, described.inputs)
        assert [fault for fault in faults if MISSING not in fault.message] == []
