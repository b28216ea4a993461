"""The program of the stacks, recorded: what a site tells of its machines and its cloud reaches its workloads."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pytest

from infra.settings.loading import parse
from stacks import cluster_target, dns, providers, workloads
from tests.contracts.posture import at, of
from tests.infra import clouds
from tests.infra.recorder import Recorded, record
from tests.infra.test_site_faults import AWS, AZURE, GCP

IMAGE = "registry.example.org/pouw/any@sha256:" + "ab" * 32
SMALL = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "100m", "memory": "128Mi"}}


@pytest.fixture(scope="module")
def found() -> Sequence[Recorded]:
    """What the program declares for an active site on AWS and a standby on Azure, with small pods."""
    balancer = {**clouds.STACK["balancer"], "resources": SMALL}
    return declared(AWS, AZURE, nodes={"resources": SMALL}, balancer=balancer)


def declared(*sites: Mapping[str, Any], **more: Any) -> Sequence[Recorded]:
    """What the program declares for sites of clouds."""
    images = {"node": IMAGE, "balancer": IMAGE}
    stack = parse({**clouds.STACK, "sites": list(sites), "images": images, **more})
    answers: dict[str, Mapping[str, Any]] = {}
    for site in stack.sites:
        answers |= importlib.import_module(f"tests.infra.{site.cloud}.declared").ANSWERS

    def declare() -> None:
        pulumi.runtime.set_all_config({"pouw:nodeKeySeed": "00" * 32})
        own = providers.declare(stack)
        zone = dns.declare(stack, own)
        found = [cluster_target.of(stack, site, zone, own.get(site.name)) for site in stack.sites]
        made = [workloads.deploy(stack, one, [other for other in found if other is not one]) for one in found]
        dns.record(stack, zone, made)

    return record(declare, answers)


def pod(found: Sequence[Recorded], name: str) -> Any:
    """The pod of a workload."""
    [one] = [one for kind in ("StatefulSet", "Deployment") for one in of(found, kind) if one.name == name]
    return one.inputs["spec"]["template"]["spec"]


def tolerated(found: Sequence[Recorded], name: str) -> list[str]:
    """Keys of what a workload's pods tolerate."""
    return [each["key"] for each in pod(found, name)["tolerations"]]


def test_miners_tolerate_azures_spot_machines_and_no_other_pod_does(found: Sequence[Recorded]) -> None:
    assert tolerated(found, "dr-blue-miner") == ["pouw.dev/pool", "kubernetes.azure.com/scalesetpriority"]
    for name in ("dr-blue-verifier", "dr-balancer-deployment", "primary-blue-miner"):
        assert tolerated(found, name) == ["pouw.dev/pool"]


def test_miners_tolerate_googles_machines_with_accelerators() -> None:
    pools = {"miners": {"instance": "g2-standard-8"}}
    found = declared({**GCP, "role": "active", "pools": pools})
    assert tolerated(found, "europe-blue-miner") == ["pouw.dev/pool", "nvidia.com/gpu"]
    assert tolerated(found, "europe-blue-verifier") == ["pouw.dev/pool"]


def test_an_autoscaler_runs_where_the_cloud_brings_none_and_nowhere_else(found: Sequence[Recorded]) -> None:
    scalers = [one.name for one in of(found, "Deployment") if one.name.endswith("autoscaler-deployment")]
    assert scalers == ["primary-autoscaler-deployment"]
    assert pod(found, scalers[0])["nodeSelector"] == {"pouw.dev/pool": "system"}


def test_a_mirrors_autoscaler_is_taken_where_the_settings_name_it() -> None:
    mirror = "mirror.example.org/autoscaler@sha256:" + "cd" * 32
    found = declared(AWS, images={"node": IMAGE, "balancer": IMAGE, "autoscaler": mirror})
    assert pod(found, "primary-autoscaler-deployment")["containers"][0]["image"] == mirror


def test_limits_of_a_site_hold_the_autoscaler_where_there_is_one(found: Sequence[Recorded]) -> None:
    largest = {one.name: at(one.inputs, "spec", "limits", 0, "max") for one in of(found, "LimitRange")}
    assert largest == {"primary-limits": {"cpu": "500m", "memory": "1Gi"}, "dr-limits": SMALL["limits"]}
