"""Retention of audit logs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from infra.aws.audit_logs import retention


@given(st.integers(1, 3653))
def test_a_retention_is_at_least_the_requested_days(days: int) -> None:
    assert retention(days) >= days


def test_a_retention_that_aws_accepts_is_unchanged() -> None:
    assert [retention(days) for days in (90, 365, 3653)] == [90, 365, 3653]
