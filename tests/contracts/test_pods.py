"""Tolerations, autoscaling and identities of pods fit the machines and permissions that a site declares."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from infra.clouds import CLOUDS
from infra.contracts import POOL_LABEL
from infra.identities import AUTOSCALER, SERVICE_ACCOUNTS
from infra.settings.site import NODE_POOLS
from tests.infra.clouds import Cloud, kind
from tests.infra.recorder import record

ACCELERATED = {"aws": "g5.2xlarge", "azure": "Standard_NC4as_T4_v3", "gcp": "g2-standard-8"}

each_cloud = pytest.mark.parametrize("cloud", CLOUDS)


@cache
def recorded_site(cloud: str, *, spot: bool, accelerated: bool) -> tuple[Any, Any, Mapping[str, Any]]:
    """Return a site, its resources, and the annotations of its workloads' service accounts."""
    fixture: Cloud = importlib.import_module(f"tests.infra.{cloud}.compliant_site").CLOUD
    miners = {"spot": spot, **({"instance": ACCELERATED[cloud]} if accelerated else {})}
    stack, sites = fixture.settings({"pools": {"miners": miners}}), []
    annotations: dict[str, Any] = {}

    def declare() -> None:
        site = fixture.declare_site(stack, edge=False)
        site.identities.annotations.apply(annotations.update)
        sites.append(site)

    resources = record(declare, fixture.answers)
    return sites[0], resources, annotations


def taints(resources: Any) -> Iterator[tuple[str, str, str]]:
    """Yield node pool, key and value of every taint of the machines, besides the pools' own, in each cloud's form."""
    for group in kind(resources, "NodeGroup"):
        pool = group.inputs["labels"][POOL_LABEL]
        yield from ((pool, taint["key"], taint["value"]) for taint in group.inputs["taints"])
    for agents in kind(resources, "AgentPool"):
        for text in agents.inputs["nodeTaints"]:
            yield (agents.inputs["nodeLabels"][POOL_LABEL], *text.removesuffix(":NoSchedule").split("="))
    for node_pool in kind(resources, "NodePool"):
        config: Mapping[str, Any] = node_pool.inputs["nodeConfig"]
        pool = config["labels"][POOL_LABEL]
        yield from ((pool, taint["key"], taint["value"]) for taint in config["taints"])
        # GKE adds this taint to machines with accelerators; it is in no input.
        if config["guestAccelerators"]:
            yield pool, "nvidia.com/gpu", "present"


@each_cloud
@pytest.mark.parametrize("spot", [True, False])
@pytest.mark.parametrize("accelerated", [True, False])
def test_pods_tolerate_exactly_the_taints_of_their_machines(cloud: str, *, spot: bool, accelerated: bool) -> None:
    site, resources, _ = recorded_site(cloud, spot=spot, accelerated=accelerated)
    tolerations = site.machines.tolerations
    expected = {taint for taint in taints(resources) if taint[1] != POOL_LABEL}
    tolerated = {(pool, entry["key"], entry["value"]) for pool, entries in tolerations.items() for entry in entries}
    assert tolerated == expected
    assert set(tolerations) <= set(NODE_POOLS)
    assert {entry["effect"] for entries in tolerations.values() for entry in entries} <= {"NoSchedule"}


@each_cloud
def test_node_pools_scale_either_by_the_cloud_or_by_a_workload(cloud: str) -> None:
    site, resources, _ = recorded_site(cloud, spot=True, accelerated=False)
    by_cloud = [pool for pool in kind(resources, "AgentPool") if pool.inputs["enableAutoScaling"]]
    by_cloud += [pool for pool in kind(resources, "NodePool") if pool.inputs.get("autoscaling")]
    assert bool(by_cloud) is not (site.machines.scaler is not None)


@each_cloud
def test_every_workload_that_acts_in_the_cloud_has_an_identity(cloud: str) -> None:
    site, _, annotations = recorded_site(cloud, spot=True, accelerated=False)
    unneeded = set() if site.machines.scaler else {AUTOSCALER}
    assert set(annotations) == set(SERVICE_ACCOUNTS) - unneeded


@each_cloud
def test_a_pod_with_an_identity_reaches_its_credentials(cloud: str) -> None:
    site, _, _ = recorded_site(cloud, spot=True, accelerated=False)
    expected = {
        "aws": ({}, "169.254.170.23/32", 80),
        "azure": ({"azure.workload.identity/use": "true"}, "0.0.0.0/0", 443),
        "gcp": ({}, "169.254.169.254/32", 80),
    }
    pod = site.identities.pod
    assert (pod.labels, pod.cidr, pod.port) == expected[cloud]
