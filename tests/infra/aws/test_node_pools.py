"""The machines of a site, as they are declared."""

from __future__ import annotations

from tests.infra.aws.declared import compliant, declared, settings
from tests.infra.clouds import kind


def test_every_machine_carries_its_pool_and_only_miners_are_kept_apart() -> None:
    groups = kind(compliant(), "NodeGroup")
    assert {one.inputs["labels"]["pouw.dev/pool"] for one in groups} == {"system", "miners", "rpc"}
    for one in groups:
        taint = [{"key": "pouw.dev/pool", "value": "miners", "effect": "NO_SCHEDULE"}]
        expected = taint if one.inputs["labels"]["pouw.dev/pool"] == "miners" else []
        assert one.inputs.get("taints", []) == expected


def test_a_pool_of_accelerators_gets_an_image_with_their_drivers() -> None:
    found = declared(settings({"pools": {"miners": {"instance": "g5.2xlarge"}}}), edge=False)
    images = {one.inputs["labels"]["pouw.dev/pool"]: one.inputs["amiType"] for one in kind(found, "NodeGroup")}
    assert images == {
        "system": "AL2023_x86_64_STANDARD",
        "miners": "AL2023_x86_64_NVIDIA",
        "rpc": "AL2023_x86_64_STANDARD",
    }


def test_the_floor_holds_whatever_the_spot_market_does() -> None:
    found = declared(settings({"pools": {"miners": {"minimum": 4, "maximum": 10, "onDemandFloor": 2}}}), edge=False)
    scaling = {
        one.inputs["capacityType"]: one.inputs["scalingConfig"]
        for one in kind(found, "NodeGroup")
        if one.inputs["labels"]["pouw.dev/pool"] == "miners"
    }
    assert scaling["ON_DEMAND"] == {"minSize": 2, "maxSize": 2, "desiredSize": 2}
    assert scaling["SPOT"] == {"minSize": 2, "maxSize": 8, "desiredSize": 2}


def test_only_machines_behind_the_edge_are_in_the_group_that_it_may_reach() -> None:
    templates = {one.name: one.inputs["networkInterfaces"][0] for one in kind(compliant(), "LaunchTemplate")}
    groups = {name: interface["securityGroups"] for name, interface in templates.items()}
    assert groups == {
        "primary-pools-rpc-launch": ["sg-cluster", "primary-pools-entry-id"],
        "primary-pools-system-launch": ["sg-cluster"],
        "primary-pools-miners-launch": ["sg-cluster"],
    }
