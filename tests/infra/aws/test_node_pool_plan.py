"""The node pool plan of a site."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.aws import node_pool_plan
from infra.settings.site import Pools, Spot


@pytest.mark.parametrize(
    ("instance", "image"),
    [
        ("m7i.large", "AL2023_x86_64_STANDARD"),
        ("m7g.large", "AL2023_ARM_64_STANDARD"),
        ("c7gn.xlarge", "AL2023_ARM_64_STANDARD"),
        ("g5.2xlarge", "AL2023_x86_64_NVIDIA"),
        ("g5g.2xlarge", "AL2023_ARM_64_NVIDIA"),
        ("g4dn.xlarge", "AL2023_x86_64_NVIDIA"),
        ("g4ad.xlarge", "AL2023_x86_64_STANDARD"),
        ("gr6.4xlarge", "AL2023_x86_64_NVIDIA"),
        ("p4d.24xlarge", "AL2023_x86_64_NVIDIA"),
        ("trn1.2xlarge", "AL2023_x86_64_NEURON"),
        ("inf2.xlarge", "AL2023_x86_64_NEURON"),
        ("u-6tb1.56xlarge", "AL2023_x86_64_STANDARD"),
    ],
)
def test_the_image_follows_the_machine_type(instance: str, image: str) -> None:
    assert node_pool_plan.image(instance) == image


@given(st.integers(1, 50), st.integers(0, 50), st.integers(0, 50))
def test_the_floor_of_the_miners_is_never_spot_and_the_bounds_hold(minimum: int, extra: int, floor: int) -> None:
    maximum = minimum + extra
    miners = Spot(minimum=minimum, maximum=maximum, on_demand_floor=min(max(floor, 1), maximum))
    resources = [group for group in node_pool_plan.groups(Pools(miners=miners)) if group.pool == "miners"]
    on_demand = [group for group in resources if group.capacity == "ON_DEMAND"]
    assert sum(group.minimum for group in on_demand) == miners.on_demand_floor
    assert sum(group.maximum for group in resources) == maximum
    assert sum(group.minimum for group in resources) == max(minimum, miners.on_demand_floor)
    assert all(group.maximum >= 1 and group.minimum <= group.maximum for group in resources)


def test_without_spot_the_miners_are_one_group() -> None:
    resources = node_pool_plan.groups(Pools(miners=Spot(spot=False, minimum=2, maximum=5)))
    assert [(group.name, group.capacity) for group in resources if group.pool == "miners"] == [("miners", "ON_DEMAND")]


def test_spot_machines_come_from_several_types_unless_one_is_named() -> None:
    [spot] = [group for group in node_pool_plan.groups(Pools()) if group.capacity == "SPOT"]
    assert len(set(spot.instances)) > 1
    assert len({node_pool_plan.image(instance) for instance in spot.instances}) == 1
    configured = node_pool_plan.groups(Pools(miners=Spot(instance="g5.2xlarge")))
    assert {group.instances for group in configured if group.pool == "miners"} == {("g5.2xlarge",)}
