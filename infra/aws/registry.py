"""The site's image registry."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws.ecr.lifecycle_policy import LifecyclePolicy
from pulumi_aws.ecr.repository import Repository

from infra.aws import physical_names
from infra.aws.keys import Keys
from infra.component import Component
from infra.contracts import SiteContext


@dataclass(frozen=True, kw_only=True)
class RegistryArgs:
    """The repository of one site."""

    context: SiteContext
    keys: Keys
    repository: str


class Registry(Component, token="pouw:aws:Registry"):
    """A private repository. Output: ``repository``, its address without a tag."""

    repository: pulumi.Output[str]

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context = args.context
        images = Repository(
            f"{name}-images",
            name=physical_names.compose_name("repository", context, args.repository),
            image_tag_mutability="IMMUTABLE",
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": args.keys.key}],
            force_delete=not context.protect,
            tags=context.tags,
            opts=self.child(protect=context.protect),
        )
        LifecyclePolicy(f"{name}-clean-up", repository=images.name, policy=json.dumps(clean_up()), opts=self.child())
        self.publish(repository=images.repository_url)


def clean_up() -> dict[str, Any]:
    """Return the rule that deletes untagged images after two weeks; tagged images are releases and remain."""
    selection = {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14}
    return {"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]}
