"""Pools of an Azure site, zone by zone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.azure import node_pool_plan
from infra.azure.node_pool_plan import Bounds
from infra.settings.site import NodePool, Pools, Spot
from tests.infra.azure.compliant_site import site_context

counts = st.integers(1, 1000)


def total(pools: list[node_pool_plan.ZonePool], name: str) -> tuple[int, int]:
    """Bounds of a pool over its zones, by its name without the zone."""
    resources = [pool.bounds for pool in pools if pool.name.rstrip("123") == name]
    return sum(resource.minimum for resource in resources), sum(resource.maximum for resource in resources)


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_shares_add_up_and_differ_by_one_machine_at_most(low: int, extra: int) -> None:
    shares = node_pool_plan.shares(Bounds(minimum=low, maximum=low + extra))
    assert sum(share.minimum for share in shares) == low
    assert sum(share.maximum for share in shares) == low + extra
    assert max(share.maximum for share in shares) - min(share.maximum for share in shares) <= 1
    assert all(share.minimum <= share.maximum for share in shares)


@given(counts, counts, counts)
def test_the_on_demand_floor_holds_whatever_the_bounds(minimum: int, floor: int, extra: int) -> None:
    maximum = min(max(minimum, floor) + extra, 1000)
    resources = node_pool_plan.zone_pools(Pools(miners=Spot(minimum=minimum, maximum=maximum, on_demand_floor=floor)))
    assert total(resources, "miners") == (floor, floor)
    assert total(resources, "spot") == (max(minimum - floor, 0), maximum - floor)
    assert {pool.spot for pool in resources if pool.name.startswith("miners")} == {False}


def test_without_spot_machines_the_whole_pool_is_on_demand() -> None:
    resources = node_pool_plan.zone_pools(Pools(miners=Spot(minimum=4, maximum=9, spot=False)))
    assert total(resources, "miners") == (4, 9)
    assert not any(pool.spot for pool in resources)


@given(counts, counts, counts)
def test_the_number_of_pools_does_not_depend_on_their_sizes(system: int, rpc: int, miners: int) -> None:
    sized = Pools(
        system=NodePool(minimum=system, maximum=system),
        rpc=NodePool(minimum=rpc, maximum=rpc),
        miners=Spot(minimum=1, maximum=miners),
    )
    assert [pool.name for pool in node_pool_plan.zone_pools(sized)] == [
        pool.name for pool in node_pool_plan.zone_pools(Pools())
    ]


def test_no_system_pool_is_ever_empty() -> None:
    resources = node_pool_plan.zone_pools(Pools(system=NodePool(minimum=1, maximum=1)))
    assert [pool.bounds for pool in resources if pool.pool == "system"] == [Bounds(minimum=1, maximum=1)] * 3


@pytest.mark.parametrize(
    ("instance", "gpu"),
    [
        ("Standard_NC4as_T4_v3", "nvidia-t4"),
        ("Standard_NC24ads_A100_v4", "nvidia-a100"),
        ("Standard_ND96isr_H100_v5", "nvidia-h100"),
        ("Standard_D8ds_v5", None),
        ("Standard_NC4as_T4_v30", None),
    ],
)
def test_an_accelerator_is_read_from_the_machine_type(instance: str, gpu: str | None) -> None:
    assert node_pool_plan.accelerator(instance) == gpu


def test_a_pool_with_accelerators_gets_drivers_and_says_what_it_has() -> None:
    context = site_context({"pools": {"miners": {"instance": "Standard_NC4as_T4_v3"}}})
    [pool] = [resource for resource in node_pool_plan.zone_pools(context.site.pools) if resource.name == "miners1"]
    profile = node_pool_plan.profile(pool, context)
    assert profile["gpu_profile"] == {"driver": "Install"}
    assert profile["node_labels"] == {"pouw.dev/pool": "miners", "pouw.dev/accelerator": "nvidia-t4"}
    assert profile["security_profile"]["enableSecureBoot"] is False


def test_spot_machines_have_a_taint() -> None:
    context = site_context()
    [spot] = [resource for resource in node_pool_plan.zone_pools(context.site.pools) if resource.name == "spot2"]
    profile = node_pool_plan.profile(spot, context)
    assert profile["node_taints"] == [
        "pouw.dev/pool=miners:NoSchedule",
        "kubernetes.azure.com/scalesetpriority=spot:NoSchedule",
    ]
    assert profile["availability_zones"] == ["2"]
    assert "upgrade_settings" not in profile


def test_the_scaler_is_off_where_there_is_nothing_to_scale() -> None:
    assert node_pool_plan.scaling(Bounds(minimum=0, maximum=0)) == {"enable_auto_scaling": False, "count": 0}
    assert node_pool_plan.scaling(Bounds(minimum=0, maximum=2))["max_count"] == 2
