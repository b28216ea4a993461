"""What complies and what is broken are both what the SDK takes, to the innermost name."""

from __future__ import annotations

import pytest

from pouw.engine.plugins.core.sdk_types import Sdk
from pouw.engine.plugins.core.validation import Validator
from tests.policies.contract import Case
from tests.policies.test_rules import CASES

SDK = Sdk("pulumi_aws")
VALIDATOR = Validator(SDK, is_open=lambda _: True)
MISSING = "is required"
"""A fixture has what its rule is about, and leaves out what AWS asks for besides."""


@pytest.mark.parametrize("case", [case for case in CASES if case.rule.id.startswith("aws-")], ids=str)
def test_a_fixture_is_made_of_what_its_type_has(case: Case) -> None:
    for given in (*case.stack(), *case.broken_stack()):
        described = SDK.resource(given.type)
        assert described is not None
        inputs = {name: value for name, value in given.props.items() if name in described.inputs}
        assert [fault for fault in VALIDATOR.faults(inputs, described.inputs) if MISSING not in fault] == []
