"""The estimate of a plan: prices are summed, and unknown prices and charges by use are reported separately."""

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


def group(instance: str, minimum: int, maximum: int, **more: Any) -> dict[str, Any]:
    return {"instanceTypes": [instance], "scalingConfig": {"minSize": minimum, "maxSize": maximum}, **more}


def test_created_and_deleted_resources_change_the_bill() -> None:
    cost = priced(
        [
            component(SITE),
            step("aws:eks/cluster:Cluster", "cluster", {"name": "c"}),
            step(NAT, "old", None, before={}),
            step(NAT, "unchanged", {}, before={}),
        ]
    )
    assert cost.delta == pytest.approx(730 * (0.10 - 0.045))
    assert cost.monthly == pytest.approx(730 * (0.10 + 0.045))
    assert cost.usage == [f"{NAT} old: bytes translated"], "unchanged resources are not reported"


@pytest.mark.parametrize(
    ("resource_region", "provider_region", "expected"),
    [("eu-west-1", "us-east-1", 0.048), (None, "eu-central-1", 0.052), (UNKNOWN, UNKNOWN, 0.045)],
    ids=["its own", "its provider's", "its site's"],
)
def test_the_region_is_the_nearest_known_one(
    resource_region: str | None, provider_region: str, expected: float
) -> None:
    inputs = {"region": resource_region} if resource_region else {}
    cost = priced([component(SITE), provider("aws", region=provider_region), step(NAT, "nat", inputs)])
    assert cost.monthly == pytest.approx(730 * expected)


def test_a_region_without_a_price_is_reported_as_unknown() -> None:
    cost = priced([step(NAT, "nat", {"region": "af-south-1"})])
    assert cost.delta == 0
    assert cost.unknown == [f"{NAT} nat: NAT gateway in af-south-1"]


def test_an_unlisted_type_is_reported_as_unknown() -> None:
    cost = priced([step("aws:neptune/cluster:Cluster", "graph", {})])
    assert cost.unknown == ["aws:neptune/cluster:Cluster graph: not in the table of prices"]


def test_free_types_and_types_charged_by_use_add_nothing() -> None:
    cost = priced([step("aws:iam/role:Role", "role", {}), step("aws:s3/bucket:Bucket", "bucket", {})])
    assert (cost.delta, cost.unknown) == (0, [])
    assert cost.usage == ["aws:s3/bucket:Bucket bucket: stored bytes and requests"]


def test_a_pool_is_priced_at_its_minimum_and_its_maximum_with_disks() -> None:
    cost = priced(
        [
            component(SITE),
            component(POOLS, SITE),
            step(TEMPLATE, "primary-pools-rpc-launch", template(50), parent=POOLS),
            step(TEMPLATE, "primary-pools-system-launch", template(100), parent=POOLS),
            step(GROUP, "primary-pools-system", group("m7i.large", 3, 6), parent=POOLS),
        ]
    )
    unit = 730 * 0.1008 + 100 * 0.08
    assert cost.monthly == pytest.approx(3 * unit)
    assert cost.maximum == pytest.approx(6 * unit)


def test_spot_machines_have_an_upper_bound_and_their_disks_a_price() -> None:
    cost = priced(
        [
            component(SITE),
            component(POOLS, SITE),
            step(TEMPLATE, "p-miners-launch", template(100), parent=POOLS),
            step(GROUP, "p-miners-spot", group("c7i.2xlarge", 2, 11, capacityType="SPOT"), parent=POOLS),
        ]
    )
    assert cost.monthly == pytest.approx(2 * 100 * 0.08)
    assert cost.maximum == pytest.approx(11 * (730 * 0.357 + 100 * 0.08)), (
        "a spot machine never costs more than an on-demand machine"
    )
    (usage,) = cost.usage
    assert usage.startswith(
        f"{GROUP} p-miners-spot: 2 to 11 spot machines of c7i.2xlarge at the market's price, 2,867 USD"
    )


def test_spot_machines_without_a_known_bound_are_charged_by_use() -> None:
    cost = priced([component(SITE), step(GROUP, "pool", group("x9.huge", 1, 2, capacityType="SPOT", diskSize=10))])
    assert cost.usage == [f"{GROUP} pool: 1 to 2 spot machines of x9.huge at the market's price"]
    assert cost.unknown == []
    assert (cost.monthly, cost.maximum) == pytest.approx((0.8, 1.6))


def test_an_unlisted_machine_is_reported_as_unknown() -> None:
    cost = priced([component(SITE), step(GROUP, "pool", group("x9.huge", 1, 1, diskSize=10))])
    assert cost.unknown == [f"{GROUP} pool: 1 machines of x9.huge in us-east-1"]
    assert cost.monthly == pytest.approx(0.8)


def test_an_interface_endpoint_costs_in_each_of_its_zones() -> None:
    token = "aws:ec2/vpcEndpoint:VpcEndpoint"
    steps = [
        component(SITE),
        step(token, "named", {"vpcEndpointType": "Interface", "subnetIds": ["a", "b"]}),
        step(token, "not yet known", {"vpcEndpointType": "Interface", "subnetIds": UNKNOWN}),
        step(token, "gateway", {"vpcEndpointType": "Gateway"}),
    ]
    assert priced(steps).monthly == pytest.approx(730 * 0.01 * (2 + 3))


def test_azure_and_gcp_pools_are_priced_from_their_own_inputs() -> None:
    agents = {
        "location": "East US",
        "sku": {"tier": "Standard"},
        "agentPoolProfiles": [
            {"vmSize": "Standard_D4s_v5", "enableAutoScaling": True, "minCount": 2, "maxCount": 4, "osDiskSizeGB": 100}
        ],
    }
    azure = priced([step("azure-native:containerservice/v20250301:ManagedCluster", "aks", agents)])
    unit = 730 * 0.192 + 19.71
    assert azure.monthly == pytest.approx(73 + 2 * unit)
    assert azure.maximum == pytest.approx(73 + 4 * unit)
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


def test_volumes_and_balancers_in_a_managed_cluster_are_priced() -> None:
    claim = {"spec": {"storageClassName": "fast", "resources": {"requests": {"storage": "20Gi"}}}}
    resources: dict[str, dict[str, Any]] = {
        "kubernetes:storage.k8s.io/v1:StorageClass": {"metadata": {"name": "fast"}, "parameters": {"type": "gp3"}},
        "kubernetes:apps/v1:StatefulSet": {"spec": {"replicas": 3, "volumeClaimTemplates": [claim]}},
        "kubernetes:core/v1:Service": {"spec": {"type": "LoadBalancer"}},
        "kubernetes:core/v1:Secret": {},
    }
    cost = priced([step(token, "it", inputs, provided_by="primary", parent="") for token, inputs in resources.items()])
    assert cost.monthly == pytest.approx(3 * 20 * 0.08 + 730 * 0.0225)
    assert cost.of_site("primary") == pytest.approx(cost.monthly)
    existing_cluster = [step("kubernetes:core/v1:Service", "entry", {"spec": {"type": "LoadBalancer"}}, parent="")]
    assert priced(existing_cluster).items == [], "an existing cluster has no price"


def test_the_bill_reports_the_part_of_unchecked_prices() -> None:
    east, ireland = ({"region": region, **group("c6i.large", 1, 1)} for region in ("us-east-1", "eu-west-1"))
    cost = priced([component(SITE), step(GROUP, "east", east), step(GROUP, "ireland", ireland)])
    assert cost.unchecked == pytest.approx(730 * 0.0912)
    cost = priced([component(SITE), step("aws:eks/cluster:Cluster", "cluster", {}), step("aws:ec2/eip:Eip", "eip", {})])
    assert cost.unchecked == pytest.approx(730 * 0.10)


def test_an_azure_address_costs_more_with_its_protection() -> None:
    token = "azure-native:network:PublicIPAddress"
    standard = {"location": "westeurope", "sku": {"name": "Standard"}}
    protected = {**standard, "ddosSettings": {"protectionMode": "Enabled"}}
    cost = priced([step(token, "standard", standard), step(token, "protected", protected)])
    assert cost.monthly == pytest.approx(2 * 730 * 0.005 + 199)


def test_a_site_over_its_budget_is_a_fault_at_its_path() -> None:
    steps = [component(SITE), step("aws:eks/cluster:Cluster", "cluster", {})]
    tight, wide = settings(budget={"monthly": 72}), settings(budget={"monthly": 73})
    (fault,) = budget.faults(tight, priced(steps, tight))
    assert str(fault).startswith("pouw:sites[0].budget.monthly: site primary costs more than its budget; got 73 USD")
    assert "expected at most 72, taken as USD" in str(fault)
    assert list(budget.faults(wide, priced(steps, wide))) == []
    assert list(budget.faults(settings(), priced(steps))) == []
