"""Where logs go, and how long they stay."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from infra.aws.audit_logs import retention


@given(st.integers(1, 3653))
def test_a_log_is_never_kept_for_less_than_was_asked(days: int) -> None:
    assert retention(days) >= days


def test_a_retention_that_aws_knows_stays_as_it_is() -> None:
    assert [retention(days) for days in (90, 365, 3653)] == [90, 365, 3653]
