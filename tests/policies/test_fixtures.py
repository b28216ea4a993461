"""Tests that the resources of all cases have the shape that the SDKs accept, down to the innermost property."""

from __future__ import annotations

import pytest

from pouw.engine.plugins.core.sdk_types import Sdk
from pouw.engine.plugins.core.validation import Validator
from tests.policies.test_rules import CASES

PACKAGES = ("aws", "azure-native", "gcp", "docker")
MISSING = "is required"
"""Part of a fault about a required property. Cases omit required properties that their rule does not read."""


@pytest.mark.parametrize("package", PACKAGES)
def test_cases_have_the_shape_that_the_sdk_accepts(package: str) -> None:
    sdk = Sdk(f"pulumi_{package.replace('-', '_')}")
    validator = Validator(sdk, is_open=lambda _: True)
    faults = []
    for case in CASES:
        for declaration in (*case.stack(), *case.broken_stack()):
            if declaration.type.partition(":")[0] != package:
                continue
            schema = sdk.resource(declaration.type)
            assert schema is not None, declaration.type
            inputs = {name: value for name, value in declaration.props.items() if name in schema.inputs}
            faults += [
                (str(case), fault) for fault in validator.faults(inputs, schema.inputs) if MISSING not in str(fault)
            ]
    assert faults == []
