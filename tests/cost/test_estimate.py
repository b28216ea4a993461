"""The bill of a plan: known prices add up, unknown ones are named, use is told apart, and nothing passes as free."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from infra.settings.stack import Settings
from pouw.cost import budget, plan, table
from pouw.cost.estimate import Estimate, estimate
from pouw.engine.events import StepStarted
from tests.cost.plans import POOLS, SITE, UNKNOWN, component, provider, settings, step

NAT = "aws:ec2/natGateway:NatGateway"
GROUP = "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"


def priced(steps: Sequence[StepStarted], stack: Settings | None = None) -> Estimate:
    return estimate(plan.of(steps, (stack or settings()).sites), table.load())


def template(gib: int) -> dict[str, Any]:
    return {"blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": gib, "volumeType": "gp3"}}]}


def group(instance: str, least: int, most: int, **more: Any) -> dict[str, Any]:
    return {"instanceTypes": [instance], "scalingConfig": {"minSize": least, "maxSize": most}, **more}


def test_what_is_made_and_what_goes_change_the_bill_and_what_stays_does_not() -> None:
    found = priced(
        [
            component(SITE),
            step("aws:eks/cluster:Cluster", "cluster", {"name": "c"}),
            step(NAT, "old", None, before={}),
            step(NAT, "kept", {}, before={}),
        ]
    )
    assert found.delta == pytest.approx(730 * (0.10 - 0.045))
    assert found.monthly == pytest.approx(730 * (0.10 + 0.045))
    assert found.usage == [f"{NAT} old: bytes translated"], "use of what stays is no news"


@pytest.mark.parametrize(
    ("own", "of_provider", "expected"),
    [("eu-west-1", "us-east-1", 0.048), (None, "eu-central-1", 0.052), (UNKNOWN, UNKNOWN, 0.045)],
    ids=["its own", "its provider's", "its site's"],
)
def test_the_region_is_the_nearest_that_is_known(own: str | None, of_provider: str, expected: float) -> None:
    inputs = {"region": own} if own else {}
    found = priced([component(SITE), provider("aws", region=of_provider), step(NAT, "nat", inputs)])
    assert found.monthly == pytest.approx(730 * expected)


def test_a_region_without_a_price_is_named_and_never_zero() -> None:
    found = priced([step(NAT, "nat", {"region": "af-south-1"})])
    assert found.delta == 0
    assert found.unknown == [f"{NAT} nat: NAT gateway in af-south-1"]


def test_a_type_that_nobody_listed_is_named() -> None:
    found = priced([step("aws:neptune/cluster:Cluster", "graph", {})])
    assert found.unknown == ["aws:neptune/cluster:Cluster graph: not in the table of prices"]


def test_types_that_cost_nothing_or_by_use_alone_add_nothing() -> None:
    found = priced([step("aws:iam/role:Role", "role", {}), step("aws:s3/bucket:Bucket", "bucket", {})])
    assert (found.delta, found.unknown) == (0, [])
    assert found.usage == ["aws:s3/bucket:Bucket bucket: stored bytes and requests"]


def test_a_pool_counts_at_its_minimum_with_its_disks_and_tells_its_maximum() -> None:
    found = priced(
        [
            component(SITE),
            component(POOLS, SITE),
            step(TEMPLATE, "primary-pools-rpc-launch", template(50), parent=POOLS),
            step(TEMPLATE, "primary-pools-system-launch", template(100), parent=POOLS),
            step(GROUP, "primary-pools-system", group("m7i.large", 3, 6), parent=POOLS),
        ]
    )
    each = 730 * 0.1008 + 100 * 0.08
    assert found.monthly == pytest.approx(3 * each)
    assert found.maximum == pytest.approx(6 * each)


def test_spot_machines_have_a_market_and_a_bound_and_their_disks_have_a_price() -> None:
    found = priced(
        [
            component(SITE),
            component(POOLS, SITE),
            step(TEMPLATE, "p-miners-launch", template(100), parent=POOLS),
            step(GROUP, "p-miners-spot", group("c7i.2xlarge", 2, 11, capacityType="SPOT"), parent=POOLS),
        ]
    )
    assert found.monthly == pytest.approx(2 * 100 * 0.08)
    assert found.maximum == pytest.approx(11 * (730 * 0.357 + 100 * 0.08)), "spot machines never cost more than others"
    (usage,) = found.usage
    assert usage.startswith(
        f"{GROUP} p-miners-spot: 2 to 11 spot machines of c7i.2xlarge at the market's price, 2,867 USD"
    )


def test_spot_machines_without_a_known_bound_are_told_as_use() -> None:
    found = priced([component(SITE), step(GROUP, "pool", group("x9.huge", 1, 2, capacityType="SPOT", diskSize=10))])
    assert found.usage == [f"{GROUP} pool: 1 to 2 spot machines of x9.huge at the market's price"]
    assert found.unknown == []
    assert (found.monthly, found.maximum) == pytest.approx((0.8, 1.6))


def test_a_machine_that_is_not_listed_is_unknown() -> None:
    found = priced([component(SITE), step(GROUP, "pool", group("x9.huge", 1, 1, diskSize=10))])
    assert found.unknown == [f"{GROUP} pool: 1 machines of x9.huge in us-east-1"]
    assert found.monthly == pytest.approx(0.8)


def test_an_interface_endpoint_costs_in_each_of_its_zones() -> None:
    token = "aws:ec2/vpcEndpoint:VpcEndpoint"
    steps = [
        component(SITE),
        step(token, "named", {"vpcEndpointType": "Interface", "subnetIds": ["a", "b"]}),
        step(token, "not yet known", {"vpcEndpointType": "Interface", "subnetIds": UNKNOWN}),
        step(token, "gateway", {"vpcEndpointType": "Gateway"}),
    ]
    assert priced(steps).monthly == pytest.approx(730 * 0.01 * (2 + 3))


def test_azure_and_gcp_pools_are_read_in_their_own_words() -> None:
    agents = {
        "location": "East US",
        "sku": {"tier": "Standard"},
        "agentPoolProfiles": [
            {"vmSize": "Standard_D4s_v5", "enableAutoScaling": True, "minCount": 2, "maxCount": 4, "osDiskSizeGB": 100}
        ],
    }
    azure = priced([step("azure-native:containerservice/v20250301:ManagedCluster", "aks", agents)])
    each = 730 * 0.192 + 19.71
    assert azure.monthly == pytest.approx(73 + 2 * each)
    assert azure.maximum == pytest.approx(73 + 4 * each)
    node = {"machineType": "e2-standard-4", "diskSizeGb": 100, "diskType": "pd-balanced"}
    pool = {
        "location": "us-central1-a",
        "nodeConfig": node,
        "nodeLocations": ["us-central1-a", "us-central1-b", "us-central1-c"],
        "autoscaling": {"minNodeCount": 1, "maxNodeCount": 2},
    }
    gcp = priced([step("gcp:container/nodePool:NodePool", "pool", pool)])
    assert gcp.monthly == pytest.approx(3 * (730 * 4 * 0.033506 + 10))
    assert gcp.maximum == pytest.approx(2 * gcp.monthly)


def test_volumes_and_balancers_inside_a_clouds_cluster_are_on_its_bill() -> None:
    claim = {"spec": {"storageClassName": "fast", "resources": {"requests": {"storage": "20Gi"}}}}
    inside: dict[str, dict[str, Any]] = {
        "kubernetes:storage.k8s.io/v1:StorageClass": {"metadata": {"name": "fast"}, "parameters": {"type": "gp3"}},
        "kubernetes:apps/v1:StatefulSet": {"spec": {"replicas": 3, "volumeClaimTemplates": [claim]}},
        "kubernetes:core/v1:Service": {"spec": {"type": "LoadBalancer"}},
        "kubernetes:core/v1:Secret": {},
    }
    found = priced([step(token, "it", inputs, provided_by="primary", parent="") for token, inputs in inside.items()])
    assert found.monthly == pytest.approx(3 * 20 * 0.08 + 730 * 0.0225)
    assert found.of_site("primary") == pytest.approx(found.monthly)
    elsewhere = [step("kubernetes:core/v1:Service", "entry", {"spec": {"type": "LoadBalancer"}}, parent="")]
    assert priced(elsewhere).items == [], "nobody charges for an existing cluster's"


def test_the_bill_says_how_much_of_it_stands_on_prices_that_nobody_compared() -> None:
    east, ireland = ({"region": region, **group("c6i.large", 1, 1)} for region in ("us-east-1", "eu-west-1"))
    found = priced([component(SITE), step(GROUP, "east", east), step(GROUP, "ireland", ireland)])
    assert found.unchecked == pytest.approx(730 * 0.0912)
    found = priced(
        [component(SITE), step("aws:eks/cluster:Cluster", "cluster", {}), step("aws:ec2/eip:Eip", "eip", {})]
    )
    assert found.unchecked == pytest.approx(730 * 0.10)


def test_an_address_of_azure_costs_more_with_its_protection() -> None:
    token = "azure-native:network:PublicIPAddress"
    plain = {"location": "westeurope", "sku": {"name": "Standard"}}
    guarded = {**plain, "ddosSettings": {"protectionMode": "Enabled"}}
    found = priced([step(token, "plain", plain), step(token, "guarded", guarded)])
    assert found.monthly == pytest.approx(2 * 730 * 0.005 + 199)


def test_a_site_over_its_budget_is_a_fault_at_its_path_and_one_within_it_is_none() -> None:
    steps = [component(SITE), step("aws:eks/cluster:Cluster", "cluster", {})]
    tight, wide = settings(budget={"monthly": 72}), settings(budget={"monthly": 73})
    (fault,) = budget.faults(tight, priced(steps, tight))
    assert str(fault).startswith("pouw:sites[0].budget.monthly: site primary costs more than its budget; got 73 USD")
    assert "expected at most 72, taken as USD" in str(fault)
    assert list(budget.faults(wide, priced(steps, wide))) == []
    assert list(budget.faults(settings(), priced(steps))) == []
