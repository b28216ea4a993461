"""The site's image registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_gcp.artifactregistry.repository import Repository
from pulumi_gcp.projects.service import Service

from infra.component import Component
from infra.contracts import SiteContext
from infra.gcp import physical_names
from infra.gcp.keys import Keys

SCANNER: Final = "containerscanning.googleapis.com"
_UNTAGGED_RETENTION: Final = f"{7 * 86_400}s"


@dataclass(frozen=True, kw_only=True)
class RegistryArgs:
    """The registry of one site; ``repository`` names the images in it."""

    context: SiteContext
    keys: Keys
    repository: str


class Registry(Component, token="pouw:gcp:Registry"):
    """Outputs: ``repository``, the address of images without a tag, and ``repository_id``, the registry's name."""

    repository: pulumi.Output[str]
    repository_id: pulumi.Output[str]

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        context, project = args.context, physical_names.project(args.context)
        scanner = Service(
            f"{name}-scanner",
            project=project,
            service=SCANNER,
            # Other registries of the project may need the scanner.
            disable_on_destroy=False,
            opts=self.child(),
        )
        registry = Repository(
            f"{name}-images",
            project=project,
            location=context.region,
            repository_id=physical_names.compose_name("repository", context),
            format="DOCKER",
            description=f"Images of the site {context.site.name}",
            docker_config={"immutable_tags": True},
            kms_key_name=args.keys.key,
            vulnerability_scanning_config={"enablement_config": "INHERITED"},
            cleanup_policy_dry_run=False,
            cleanup_policies=[
                {
                    "id": "untagged",
                    "action": "DELETE",
                    "condition": {"tag_state": "UNTAGGED", "older_than": _UNTAGGED_RETENTION},
                }
            ],
            labels=context.tags,
            opts=self.child(protect=context.protect, depends_on=[scanner]),
        )
        host = f"{context.region}-docker.pkg.dev/{project}/"
        self.publish(
            repository=pulumi.Output.concat(host, registry.repository_id, "/", args.repository),
            repository_id=registry.repository_id,
        )
