"""Records that prove a certificate."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from infra.aws.certificate import proof_of

OPTIONS = [
    SimpleNamespace(
        domain_name=host, resource_record_name=f"_1.{host}.", resource_record_value="_1.validation.example."
    )
    for host in ("a.example.org", "b.example.org")
]


def test_a_host_is_proven_by_its_own_record_whatever_the_order() -> None:
    for options in (OPTIONS, OPTIONS[::-1]):
        assert proof_of(options, "b.example.org") == ("_1.b.example.org", "_1.validation.example")


def test_a_host_without_a_record_is_named() -> None:
    with pytest.raises(LookupError, match=r"c\.example\.org"):
        proof_of(OPTIONS, "c.example.org")
