"""The program of the stacks, recorded: the machines and the cloud of a site decide how its workloads run."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pulumi
import pytest

from infra.quantities import parsed
from infra.settings.loader import parse
from stacks import program
from tests.contracts.security_baseline import lookup, of_kind
from tests.infra import clouds
from tests.infra.recorder import Recorded, record
from tests.infra.test_site_faults import AWS, AZURE, GCP

IMAGE = "registry.example.org/pouw/any@sha256:" + "ab" * 32
SMALL = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "100m", "memory": "128Mi"}}
HALL = {"name": "hall", "cloud": "kubernetes", "context": "hall"}
TWO_SLOTS = [{"name": "blue", "active": True, "weight": 90}, {"name": "green", "active": False, "weight": 10}]
_KINDS = ("apps/v1:StatefulSet", "apps/v1:Deployment")


@pytest.fixture(scope="module")
def resources() -> Sequence[Recorded]:
    """Resources of an active site on AWS and a standby on Azure, with small pods."""
    balancer = {**clouds.STACK["balancer"], "resources": SMALL}
    return declare_stack(AWS, AZURE, nodes={"resources": SMALL}, balancer=balancer)


def declare_stack(*sites: Mapping[str, Any], **settings: Any) -> Sequence[Recorded]:
    """Return the resources that the program declares for these sites."""
    images = {"node": IMAGE, "balancer": IMAGE}
    stack = parse({**clouds.STACK, "sites": list(sites), "images": images, **settings})
    answers: dict[str, Mapping[str, Any]] = {}
    for site in stack.sites:
        if site.managed:
            answers |= importlib.import_module(f"tests.infra.{site.cloud}.compliant_site").ANSWERS

    def declare() -> None:
        pulumi.runtime.set_all_config({"pouw:nodeKeySeed": "00" * 32})
        program.declare(stack)

    return record(declare, answers)


@pytest.fixture(scope="module")
def two_slots() -> Sequence[Recorded]:
    """Resources of an existing cluster with two slots."""
    return declare_stack(HALL, environment="staging", dns={}, slots=TWO_SLOTS, balancer={})


def resource_of(resources: Sequence[Recorded], kind: str, name: str) -> Recorded:
    """Return the resource of a kind and name."""
    [resource] = [resource for resource in of_kind(resources, kind) if resource.name == name]
    return resource


def template(resources: Sequence[Recorded], name: str) -> Any:
    """Return the pod template of a workload."""
    kind = next(kind for kind in _KINDS for resource in of_kind(resources, kind) if resource.name == name)
    return resource_of(resources, kind, name).inputs["spec"]["template"]


def tolerated(resources: Sequence[Recorded], name: str) -> list[str]:
    """Return the keys of the taints that a workload's pods tolerate."""
    return [toleration["key"] for toleration in template(resources, name)["spec"]["tolerations"]]


def workloads(resources: Sequence[Recorded], site: str) -> Iterator[Recorded]:
    """Yield the StatefulSets and Deployments of a site."""
    for kind in _KINDS:
        for resource in of_kind(resources, kind):
            if resource.inputs["metadata"]["labels"]["pouw.dev/site"] == site:
                yield resource


def test_only_miners_tolerate_the_spot_machines_of_azure(resources: Sequence[Recorded]) -> None:
    assert tolerated(resources, "dr-blue-miner") == ["pouw.dev/pool", "kubernetes.azure.com/scalesetpriority"]
    for name in ("dr-blue-verifier", "dr-balancer-deployment", "primary-blue-miner"):
        assert tolerated(resources, name) == ["pouw.dev/pool"]


def test_only_miners_tolerate_the_accelerators_of_google() -> None:
    pools = {"miners": {"instance": "g2-standard-8"}}
    resources = declare_stack({**GCP, "role": "active", "pools": pools})
    assert tolerated(resources, "europe-blue-miner") == ["pouw.dev/pool", "nvidia.com/gpu"]
    assert tolerated(resources, "europe-blue-verifier") == ["pouw.dev/pool"]


def test_an_autoscaler_of_machines_runs_only_where_the_cloud_has_none(resources: Sequence[Recorded]) -> None:
    names = [
        resource.name for resource in of_kind(resources, "Deployment") if resource.name.endswith("scaler-deployment")
    ]
    assert names == ["primary-autoscaler-deployment"]
    assert template(resources, names[0])["spec"]["nodeSelector"] == {"pouw.dev/pool": "system"}


def test_a_configured_image_of_the_autoscaler_is_used() -> None:
    mirror = "mirror.example.org/autoscaler@sha256:" + "cd" * 32
    resources = declare_stack(AWS, images={"node": IMAGE, "balancer": IMAGE, "autoscaler": mirror})
    assert template(resources, "primary-autoscaler-deployment")["spec"]["containers"][0]["image"] == mirror


def test_limits_of_a_site_admit_its_autoscaler(resources: Sequence[Recorded]) -> None:
    largest = {
        resource.name: lookup(resource.inputs, "spec", "limits", 0, "max")
        for resource in of_kind(resources, "LimitRange")
    }
    assert largest == {"primary-limits": {"cpu": "500m", "memory": "1Gi"}, "dr-limits": SMALL["limits"]}


@pytest.mark.parametrize("site", ["primary", "dr"])
def test_the_limits_of_a_site_admit_every_pod_and_claim(site: str, resources: Sequence[Recorded]) -> None:
    limits = resource_of(resources, "LimitRange", f"{site}-limits").inputs["spec"]["limits"]
    largest = {limit["type"]: limit["max"] for limit in limits}
    pods = list(workloads(resources, site))
    assert len(pods) >= 3
    for workload in pods:
        containers = workload.inputs["spec"]["template"]["spec"]["containers"]
        for amount in ("cpu", "memory"):
            amounts = [parsed(container["resources"]["limits"][amount]) for container in containers]
            assert max(amounts) <= parsed(largest["Container"][amount]), workload.name
            assert sum(amounts) <= parsed(largest["Pod"][amount]), workload.name
        for claim in workload.inputs["spec"].get("volumeClaimTemplates", []):
            size = claim["spec"]["resources"]["requests"]["storage"]
            assert parsed(size) <= parsed(largest["PersistentVolumeClaim"]["storage"]), workload.name


@pytest.mark.parametrize("site", ["primary", "dr"])
def test_every_pod_of_a_site_is_selected_by_a_policy_of_its_own(site: str, resources: Sequence[Recorded]) -> None:
    selectors = [
        policy.inputs["spec"]["podSelector"]["matchLabels"].items()
        for policy in of_kind(resources, "NetworkPolicy")
        if policy.inputs["metadata"]["labels"]["pouw.dev/site"] == site and policy.inputs["spec"]["podSelector"]
    ]
    for workload in workloads(resources, site):
        pod_labels = workload.inputs["spec"]["template"]["metadata"]["labels"].items()
        assert any(selector <= pod_labels for selector in selectors), workload.name


def test_each_slot_has_node_sets_and_keys_of_its_own(two_slots: Sequence[Recorded]) -> None:
    assert sorted(resource.inputs["metadata"]["name"] for resource in of_kind(two_slots, "StatefulSet")) == [
        "pouw-blue-miner",
        "pouw-blue-verifier",
        "pouw-green-miner",
        "pouw-green-verifier",
    ]
    assert sorted(resource.inputs["metadata"]["name"] for resource in of_kind(two_slots, "Secret")) == [
        "pouw-blue-keys",
        "pouw-green-keys",
    ]
    assert len(of_kind(two_slots, "LimitRange")) == 1
    assert len(of_kind(two_slots, "Deployment")) == 1


def test_the_balancer_divides_requests_by_the_weights_of_the_slots(two_slots: Sequence[Recorded]) -> None:
    text = resource_of(two_slots, "ConfigMap", "hall-balancer-configuration").inputs["data"]["haproxy.cfg"]
    assert "use_backend nodes_blue if { var(txn.share) -m int lt 90 } { nbsrv(nodes_blue) gt 0 }" in text
    assert "pouw-green-rpc.pouw-system.svc.cluster.local:8545" in text
    service = resource_of(two_slots, "Service", "hall-balancer-service")
    assert service.inputs["metadata"]["annotations"] == {
        "pouw.dev/active-slot": "blue",
        "pouw.dev/slot-weights": "blue=90,green=10",
    }


def test_a_new_node_of_one_slot_dials_nodes_of_both(two_slots: Sequence[Recorded]) -> None:
    [container] = template(two_slots, "hall-green-miner")["spec"]["containers"]
    [bootnodes] = [entry["value"] for entry in container["env"] if entry["name"] == "POUW_BOOTNODES"]
    assert bootnodes.startswith("pouw-green-miner-0.pouw-green-peers:30303,")
    assert "pouw-blue-miner-0.pouw-blue-peers:30303" in bootnodes
