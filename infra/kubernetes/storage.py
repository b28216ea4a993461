"""The storage class of a cloud site: encrypted under the site's own key, bound in the pod's zone, expandable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.storage.v1.StorageClass import StorageClass

from infra.component import Component
from infra.naming import labels

NAME = "pouw-encrypted"


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    """One site's class. ``definition`` holds ``provisioner`` and ``parameters`` in the form of its driver."""

    site: str
    definition: pulumi.Input[Mapping[str, Any]]


class Storage(Component, token="pouw:kubernetes:Storage"):
    """A storage class. Output: ``class_name``."""

    class_name: pulumi.Output[str]

    def __init__(self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        definition = pulumi.Output.from_input(args.definition)
        storage_class = StorageClass(
            f"{name}-encrypted",
            metadata={"name": NAME, "labels": labels("storage", site=args.site)},
            provisioner=definition.apply(lambda values: str(values["provisioner"])),
            parameters=definition.apply(lambda values: dict(values["parameters"])),
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            reclaim_policy="Delete",
            opts=self.child(),
        )
        self.publish(class_name=storage_class.metadata["name"])
