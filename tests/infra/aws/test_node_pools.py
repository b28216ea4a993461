"""The machines of a site, as they are declared."""

from __future__ import annotations

from tests.infra.aws.compliant_site import compliant, record_site, settings, without_edge
from tests.infra.clouds import kind


def test_every_machine_carries_its_pool_and_only_miners_are_kept_apart() -> None:
    groups = kind(compliant(), "NodeGroup")
    assert {resource.inputs["labels"]["pouw.dev/pool"] for resource in groups} == {"system", "miners", "rpc"}
    for resource in groups:
        taint = [{"key": "pouw.dev/pool", "value": "miners", "effect": "NO_SCHEDULE"}]
        expected = taint if resource.inputs["labels"]["pouw.dev/pool"] == "miners" else []
        assert resource.inputs.get("taints", []) == expected


def test_a_pool_of_accelerators_gets_an_image_with_their_drivers() -> None:
    images = {
        resource.inputs["labels"]["pouw.dev/pool"]: resource.inputs["amiType"]
        for resource in kind(without_edge(), "NodeGroup")
    }
    assert images == {
        "system": "AL2023_x86_64_STANDARD",
        "miners": "AL2023_x86_64_NVIDIA",
        "rpc": "AL2023_x86_64_STANDARD",
    }


def test_the_floor_holds_whatever_the_spot_market_does() -> None:
    resources = record_site(
        settings({"pools": {"miners": {"minimum": 4, "maximum": 10, "onDemandFloor": 2}}}), edge=False
    )
    scaling = {
        resource.inputs["capacityType"]: resource.inputs["scalingConfig"]
        for resource in kind(resources, "NodeGroup")
        if resource.inputs["labels"]["pouw.dev/pool"] == "miners"
    }
    assert scaling["ON_DEMAND"] == {"minSize": 2, "maxSize": 2, "desiredSize": 2}
    assert scaling["SPOT"] == {"minSize": 2, "maxSize": 8, "desiredSize": 2}


def test_only_machines_behind_the_edge_are_in_the_group_that_it_may_reach() -> None:
    templates = {
        resource.name: resource.inputs["networkInterfaces"][0] for resource in kind(compliant(), "LaunchTemplate")
    }
    groups = {name: interface["securityGroups"] for name, interface in templates.items()}
    assert groups == {
        "primary-pools-rpc-launch": ["sg-cluster", "primary-pools-entry-id"],
        "primary-pools-system-launch": ["sg-cluster"],
        "primary-pools-miners-launch": ["sg-cluster"],
    }
