"""The recorder sees components, their children and their inputs."""

from __future__ import annotations

import pulumi
from pulumi_kubernetes.core.v1.ConfigMap import ConfigMap

from infra.component import Component
from tests.infra.recorder import of_type, record


class Thing(Component, token="pouw:test:Thing"):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        settings = ConfigMap(f"{name}-settings", data={"a": pulumi.Output.secret("b")}, opts=self.child())
        self.publish(data=settings.data)


def test_a_component_and_its_children_are_recorded_with_their_inputs() -> None:
    resources = record(lambda: Thing("one"))
    assert [resource.token for resource in resources if not resource.custom] == ["pouw:test:Thing"]
    [settings] = of_type(resources, "kubernetes:core/v1:ConfigMap")
    assert settings.name == "one-settings"
    assert settings.inputs["data"] == {"a": "b"}


def test_two_recordings_do_not_see_each_other() -> None:
    assert len(record(lambda: Thing("one"))) == len(record(lambda: Thing("one"))) == 2
