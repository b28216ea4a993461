"""Node pools: their size, machine types and spot machines."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import contracts
from infra.gcp.machine_types import ACCELERATORS, DEFAULTS, disk_type
from infra.gcp.node_pool_plan import Group, groups
from infra.gcp.node_pools import bounds, machine, upgrade
from infra.settings.site import Pools, Spot
from tests.infra.clouds import kind
from tests.infra.gcp.compliant_site import settings
from tests.infra.recorder import Recorded


@st.composite
def miners(draw: st.DrawFn) -> Spot:
    """Draw miners whose bounds the settings permit."""
    maximum = draw(st.integers(1, 1000))
    return Spot(
        minimum=draw(st.integers(1, maximum)),
        maximum=maximum,
        spot=draw(st.booleans()),
        on_demand_floor=draw(st.integers(1, maximum)),
    )


@given(miners())
def test_the_floor_holds_and_both_kinds_together_keep_the_bounds(expected: Spot) -> None:
    created = [group for group in groups(Pools(miners=expected)) if group.pool == "miners"]
    staying = [group for group in created if not group.spot]
    assert sum(group.maximum for group in created) == expected.maximum
    assert sum(group.minimum for group in created) >= expected.minimum
    assert sum(group.minimum for group in staying) >= min(expected.on_demand_floor, expected.minimum)
    if expected.spot:
        assert sum(group.minimum for group in staying) >= (
            expected.on_demand_floor if len(created) == 2 else expected.minimum
        )
    assert expected.spot or len(created) == 1


@given(miners())
def test_a_group_begins_within_its_bounds(expected: Spot) -> None:
    assert all(3 * group.initial_per_zone <= group.maximum for group in groups(Pools(miners=expected)))


def test_machines_that_must_stay_are_a_group_that_never_shrinks() -> None:
    expected = Spot(minimum=3, maximum=12, on_demand_floor=2)
    resources = {group.name: bounds(group) for group in groups(Pools(miners=expected))}
    staying, spot = resources["miners"], resources["miners-spot"]
    assert (staying["total_min_node_count"], staying["total_max_node_count"]) == (2, 2)
    assert (spot["total_min_node_count"], spot["total_max_node_count"]) == (1, 10)


def test_a_floor_as_high_as_the_maximum_leaves_no_room_for_spot_machines() -> None:
    assert [group.name for group in groups(Pools(miners=Spot(maximum=3, on_demand_floor=3)))] == [
        "system",
        "rpc",
        "miners",
    ]


def of(machine_type: str, pool: str = "miners") -> dict[str, object]:
    """Return the machine settings of a group of one type."""
    stack = settings()
    group = Group(name=pool, pool=pool, machine=machine_type, disk_gib=100, minimum=1, maximum=3)
    return machine(group, contracts.site_context(stack, stack.managed_sites[0]))


def test_a_type_with_accelerators_makes_a_pool_of_them_with_drivers() -> None:
    assert of("a2-highgpu-4g")["guest_accelerators"] == [
        {
            "type": "nvidia-tesla-a100",
            "count": 4,
            "gpu_driver_installation_config": {"gpu_driver_version": "DEFAULT"},
        }
    ]
    assert of("n2-standard-8")["guest_accelerators"] == []


def test_scarce_machines_are_upgraded_without_one_more() -> None:
    assert (upgrade("g2-standard-8")["max_surge"], upgrade("n2-standard-8")["max_surge"]) == (0, 1)


@pytest.mark.parametrize(
    ("machine_type", "disk"),
    [
        ("n2-standard-8", "pd-balanced"),
        ("a2-highgpu-1g", "pd-balanced"),
        ("c4-standard-8", "hyperdisk-balanced"),
        ("a3-ultragpu-8g", "hyperdisk-balanced"),
        ("a3-highgpu-8g", "pd-balanced"),
    ],
)
def test_machines_get_disks_that_they_can_carry(machine_type: str, disk: str) -> None:
    assert disk_type(machine_type) == disk


def test_no_pool_has_accelerators_by_default() -> None:
    assert not set(DEFAULTS.values()) & set(ACCELERATORS)


def test_miners_alone_keep_other_pods_away() -> None:
    assert of("n2-standard-8")["taints"] == [{"key": "pouw.dev/pool", "value": "miners", "effect": "NO_SCHEDULE"}]
    assert of("n2-standard-4", "rpc")["taints"] == []


def test_every_machine_carries_the_label_and_the_network_tag_of_its_pool(resources: Sequence[Recorded]) -> None:
    names = {
        resource.name: (resource.inputs["nodeConfig"]["labels"]["pouw.dev/pool"], resource.inputs["nodeConfig"]["tags"])
        for resource in kind(resources, "NodePool")
    }
    assert names == {
        "primary-pools-system": ("system", ["pouw-production-primary-system"]),
        "primary-pools-miners": ("miners", ["pouw-production-primary-miners"]),
        "primary-pools-miners-spot": ("miners", ["pouw-production-primary-miners"]),
        "primary-pools-rpc": ("rpc", ["pouw-production-primary-rpc"]),
    }


def test_spot_machines_are_in_the_spot_group_alone(resources: Sequence[Recorded]) -> None:
    assert [resource.name for resource in kind(resources, "NodePool") if resource.inputs["nodeConfig"]["spot"]] == [
        "primary-pools-miners-spot"
    ]
