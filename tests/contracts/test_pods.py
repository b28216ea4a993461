"""What a site tells its pods fits the machines and the identities that it declares."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from infra.clouds import CLOUDS
from infra.contracts import POOL_LABEL
from infra.settings.site import POOLS
from tests.infra.clouds import Cloud, kind
from tests.infra.recorder import record

ACCELERATED = {"aws": "g5.2xlarge", "azure": "Standard_NC4as_T4_v3", "gcp": "g2-standard-8"}

each_cloud = pytest.mark.parametrize("cloud", CLOUDS)


@cache
def declared(cloud: str, *, spot: bool, accelerated: bool) -> tuple[Any, Any]:
    """A site, and what it declares."""
    own: Cloud = importlib.import_module(f"tests.infra.{cloud}.declared").CLOUD
    miners = {"spot": spot, **({"instance": ACCELERATED[cloud]} if accelerated else {})}
    stack, sites = own.settings({"pools": {"miners": miners}}), []
    found = record(lambda: sites.append(own.site_of(stack, edge=False)), own.answers)
    return sites[0], found


def taints(found: Any) -> Iterator[tuple[str, str, str]]:
    """Pool, key and value of every taint that machines come with but for the pools' own, in any cloud's words."""
    for one in kind(found, "NodeGroup"):
        yield from ((one.inputs["labels"][POOL_LABEL], each["key"], each["value"]) for each in one.inputs["taints"])
    for one in kind(found, "AgentPool"):
        for text in one.inputs["nodeTaints"]:
            yield (one.inputs["nodeLabels"][POOL_LABEL], *text.removesuffix(":NoSchedule").split("="))
    for one in kind(found, "NodePool"):
        config: Mapping[str, Any] = one.inputs["nodeConfig"]
        pool = config["labels"][POOL_LABEL]
        yield from ((pool, each["key"], each["value"]) for each in config["taints"])
        # GKE does this for machines with accelerators, and tells nobody.
        if config["guestAccelerators"]:
            yield pool, "nvidia.com/gpu", "present"


@each_cloud
@pytest.mark.parametrize("spot", [True, False])
@pytest.mark.parametrize("accelerated", [True, False])
def test_pods_tolerate_what_the_cloud_puts_on_their_machines_and_nothing_else(
    cloud: str, *, spot: bool, accelerated: bool
) -> None:
    site, found = declared(cloud, spot=spot, accelerated=accelerated)
    wanted = {taint for taint in taints(found) if taint[1] != POOL_LABEL}
    told = {(pool, one["key"], one["value"]) for pool, listed in site.tolerations.items() for one in listed}
    assert told == wanted
    assert set(site.tolerations) <= set(POOLS)
    assert {one["effect"] for listed in site.tolerations.values() for one in listed} <= {"NoSchedule"}


@each_cloud
def test_pools_scale_by_the_cloud_or_by_a_workload_and_never_by_nobody(cloud: str) -> None:
    site, found = declared(cloud, spot=True, accelerated=False)
    by_cloud = [one for one in kind(found, "AgentPool") if one.inputs["enableAutoScaling"]]
    by_cloud += [one for one in kind(found, "NodePool") if one.inputs.get("autoscaling")]
    assert bool(by_cloud) is not (site.scaler is not None)


@each_cloud
def test_a_pod_with_an_identity_knows_where_its_credentials_are(cloud: str) -> None:
    site, _ = declared(cloud, spot=True, accelerated=False)
    expected = {
        "aws": ({}, "169.254.170.23/32", 80),
        "azure": ({"azure.workload.identity/use": "true"}, "0.0.0.0/0", 443),
        "gcp": ({}, "169.254.169.254/32", 80),
    }
    assert (site.pod_identity.labels, site.pod_identity.cidr, site.pod_identity.port) == expected[cloud]
