"""Address plans: every part has its range, and no two share an address."""

from __future__ import annotations

import ipaddress
from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.addressing import overlaps, plan


@given(st.integers(16, 20), st.integers(0, 255))
def test_a_plan_stays_inside_its_network_and_its_ranges_share_no_address(prefix: int, second: int) -> None:
    network = ipaddress.IPv4Network(f"10.{second}.0.0/{prefix}")
    address_plan = plan(str(network))
    parts = [
        *address_plan.nodes,
        *address_plan.edges,
        *address_plan.endpoints,
        address_plan.gateway,
        address_plan.control_plane,
    ]
    ranges = [ipaddress.IPv4Network(part) for part in parts]
    assert all(part.subnet_of(network) for part in ranges)
    assert list(overlaps([(part, part) for part in parts])) == []
    assert ipaddress.ip_network(address_plan.control_plane).prefixlen == 28
    assert ipaddress.ip_address(address_plan.internal_address()) in ranges[0]


@pytest.mark.parametrize("cidr", ["10.0.0.0/15", "10.0.0.0/21", "10.0.0.1/16", "fd00::/16", "ten"])
def test_a_range_of_another_size_or_kind_is_refused(cidr: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        plan(cidr)


def test_overlaps_name_both_ranges() -> None:
    assert list(overlaps([("a", "10.0.0.0/8"), ("b", "10.1.0.0/16"), ("c", "192.168.0.0/16")])) == [("a", "b")]


def test_a_plan_is_a_value() -> None:
    assert astuple(plan("10.20.0.0/16")) == astuple(plan("10.20.0.0/16"))
