"""Estimates of plans with arbitrary inputs: none fails or is negative, and no unknown price counts as free."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pouw.cost import bill, plan, pools, table, volumes
from pouw.cost.estimate import Estimate, estimate
from tests.cost.plans import SITE, UNKNOWN, component, settings, step

GROUP = "aws:eks/nodeGroup:NodeGroup"
PROFILES = "azure-native:containerservice:ManagedCluster"
AGENTS = "azure-native:containerservice:AgentPool"
POOL = "gcp:container/nodePool:NodePool"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
FIREWALL = "aws:wafv2/webAcl:WebAcl"
SERVICE = "kubernetes:core/v1:Service"
HUGE = 10**15
NODE = {"machineType": "e2-medium"}


def priced(token: str, inputs: dict[str, Any], **more: Any) -> Estimate:
    resource = step(token, "it", inputs, provided_by="primary", **more)
    return estimate(plan.of([component(SITE), resource], settings().sites), table.load())


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (GROUP, {"instanceTypes": ["m7i.large"], "scalingConfig": UNKNOWN}),
        (GROUP, {"instanceTypes": ["m7i.large"], "scalingConfig": {"minSize": 1, "maxSize": UNKNOWN}}),
        (GROUP, {"instanceTypes": UNKNOWN, "scalingConfig": {"minSize": 1, "maxSize": 1}}),
        (GROUP, {"instanceTypes": [UNKNOWN], "scalingConfig": {"minSize": 1, "maxSize": 1}}),
        (PROFILES, {"location": "eastus", "sku": {"tier": "Free"}, "agentPoolProfiles": UNKNOWN}),
        (PROFILES, {"location": "eastus", "sku": {"tier": "Free"}, "agentPoolProfiles": [UNKNOWN]}),
        (PROFILES, {"location": "eastus", "sku": UNKNOWN}),
        (AGENTS, {"location": "eastus", "vmSize": "Standard_D4s_v5", "count": UNKNOWN}),
        (POOL, {"location": "us-central1", "nodeConfig": NODE, "autoscaling": UNKNOWN}),
        (POOL, {"location": "us-central1", "nodeConfig": UNKNOWN, "initialNodeCount": 1}),
        (POOL, {"location": "us-central1", "nodeConfig": {**NODE, "diskSizeGb": UNKNOWN}, "initialNodeCount": 1}),
        (FIREWALL, {"rules": UNKNOWN}),
        (ENDPOINT, {"vpcEndpointType": "Interface", "subnetIds": [], "region": "mars-north-1"}),
        (SERVICE, {"spec": {"type": UNKNOWN}}),
    ],
)
def test_an_input_that_is_unknown_before_the_run_is_reported(token: str, inputs: dict[str, Any]) -> None:
    cost = priced(token, inputs)
    assert cost.unknown
    assert not any(UNKNOWN in text for text in cost.unknown), "the engine's marker is not shown"


def test_unknown_zones_count_as_three() -> None:
    inputs = {"location": "us-central1", "nodeConfig": NODE, "initialNodeCount": 1, "nodeLocations": UNKNOWN}
    assert priced(POOL, inputs).monthly == pytest.approx(3 * (730 * 0.033506 + 10))


@pytest.mark.parametrize("number", [0, -1, -HUGE])
def test_no_machines_cost_nothing(number: int) -> None:
    inputs = {"instanceTypes": ["m7i.large"], "scalingConfig": {"minSize": number, "maxSize": number}}
    assert priced(GROUP, inputs).items == []


def test_a_very_large_number_of_machines_is_priced() -> None:
    inputs = {"instanceTypes": ["m7i.large"], "scalingConfig": {"minSize": HUGE, "maxSize": HUGE}, "diskSize": HUGE}
    cost = priced(GROUP, inputs)
    assert cost.monthly == pytest.approx(HUGE * (730 * 0.1008 + HUGE * 0.08))
    assert "USD" in "".join(bill.lines(cost))


def test_a_disk_above_the_largest_size_is_unknown() -> None:
    inputs = {"location": "eastus", "vmSize": "Standard_D4s_v5", "count": 1, "osDiskSizeGB": 1025}
    assert priced(AGENTS, inputs).unknown == [f"{AGENTS} it: 1 disks of 1025 GiB Premium_LRS in eastus"]


@pytest.mark.parametrize(
    ("content", "expected"), [(None, 0), ([], 0), (["a"], 1), (-3, 0), (2.9, 2), ("x", 7), ({}, 7)]
)
def test_a_count_is_never_negative(content: object, expected: int) -> None:
    assert table.count(content, 7) == expected


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_an_infinite_or_undefined_number_is_unknown(number: float) -> None:
    assert table.count(number) is None


KEYS = tuple(
    key
    for keys in (
        "scalingConfig minSize maxSize instanceTypes capacityType diskSize agentPoolProfiles count enableAutoScaling",
        "minCount maxCount vmSize osDiskSizeGB nodeConfig machineType diskType diskSizeGb autoscaling nodeLocations",
        "totalMinNodeCount totalMaxNodeCount spec replicas volumeClaimTemplates storageClassName resources requests",
        "storage type subnetIds rules vpcEndpointType sku tier location region",
    )
    for key in keys.split()
)
WORDS = f"{UNKNOWN} SPOT m7i.large Standard_D4s_v5 e2-medium gp3 1Gi Interface LoadBalancer us-east-1 eastus".split()
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=20,
)


@given(
    token=st.sampled_from([*pools.TYPES, volumes.SET, volumes.CLAIM, SERVICE, ENDPOINT, FIREWALL]),
    inputs=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8),
)
def test_any_plan_has_a_finite_bill_that_reports_unknown_prices(token: str, inputs: dict[str, Any]) -> None:
    cost = priced(token, inputs)
    assert 0 <= cost.monthly < math.inf
    assert cost.monthly <= cost.maximum or any(item.maximum is None for item in cost.items)
    assert all(item.description for item in cost.items if item.monthly is None)
    assert bill.as_json(cost)["monthly"] == pytest.approx(cost.monthly, abs=0.01)
    assert list(bill.lines(cost)) or not (cost.items or cost.unknown)
