"""A bill of anything: whatever a plan holds, nothing fails, nothing is negative, and nothing unknown passes as free."""

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
SOME = {"machineType": "e2-medium"}


def priced(token: str, inputs: dict[str, Any], **more: Any) -> Estimate:
    found = step(token, "it", inputs, provided_by="primary", **more)
    return estimate(plan.of([component(SITE), found], settings().sites), table.load())


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
        (POOL, {"location": "us-central1", "nodeConfig": SOME, "autoscaling": UNKNOWN}),
        (POOL, {"location": "us-central1", "nodeConfig": UNKNOWN, "initialNodeCount": 1}),
        (POOL, {"location": "us-central1", "nodeConfig": {**SOME, "diskSizeGb": UNKNOWN}, "initialNodeCount": 1}),
        (FIREWALL, {"rules": UNKNOWN}),
        (ENDPOINT, {"vpcEndpointType": "Interface", "subnetIds": [], "region": "mars-north-1"}),
        (SERVICE, {"spec": {"type": UNKNOWN}}),
    ],
)
def test_what_is_not_known_before_the_run_is_told_and_never_zero(token: str, inputs: dict[str, Any]) -> None:
    found = priced(token, inputs)
    assert found.unknown
    assert not any(UNKNOWN in one for one in found.unknown), "people cannot read the engine's word for it"


def test_zones_that_are_not_known_yet_are_three() -> None:
    inputs = {"location": "us-central1", "nodeConfig": SOME, "initialNodeCount": 1, "nodeLocations": UNKNOWN}
    assert priced(POOL, inputs).monthly == pytest.approx(3 * (730 * 0.033506 + 10))


@pytest.mark.parametrize("number", [0, -1, -HUGE])
def test_no_machines_cost_nothing(number: int) -> None:
    inputs = {"instanceTypes": ["m7i.large"], "scalingConfig": {"minSize": number, "maxSize": number}}
    assert priced(GROUP, inputs).items == []


def test_very_many_machines_cost_very_much() -> None:
    inputs = {"instanceTypes": ["m7i.large"], "scalingConfig": {"minSize": HUGE, "maxSize": HUGE}, "diskSize": HUGE}
    found = priced(GROUP, inputs)
    assert found.monthly == pytest.approx(HUGE * (730 * 0.1008 + HUGE * 0.08))
    assert "USD" in "".join(bill.lines(found))


def test_a_disk_larger_than_any_that_is_sold_is_unknown() -> None:
    inputs = {"location": "eastus", "vmSize": "Standard_D4s_v5", "count": 1, "osDiskSizeGB": 1025}
    assert priced(AGENTS, inputs).unknown == [f"{AGENTS} it: 1 disks of 1025 GiB Premium_LRS in eastus"]


@pytest.mark.parametrize(("found", "expected"), [(None, 0), ([], 0), (["a"], 1), (-3, 0), (2.9, 2), ("x", 7), ({}, 7)])
def test_a_count_is_never_less_than_none(found: object, expected: int) -> None:
    assert table.count(found, 7) == expected


@pytest.mark.parametrize("found", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_of_anything_is_unknown(found: float) -> None:
    assert table.count(found) is None


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
def test_whatever_a_plan_holds_the_bill_is_a_number_and_says_what_it_leaves_out(
    token: str, inputs: dict[str, Any]
) -> None:
    found = priced(token, inputs)
    assert 0 <= found.monthly < math.inf
    assert found.monthly <= found.maximum or any(one.maximum is None for one in found.items)
    assert all(one.what for one in found.items if one.monthly is None)
    assert bill.as_json(found)["monthly"] == pytest.approx(found.monthly, abs=0.01)
    assert list(bill.lines(found)) or not (found.items or found.unknown)
