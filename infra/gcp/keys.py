"""The site's encryption keys: one in the site's region, one in the region of the backups' copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import pulumi
from pulumi_gcp.kms.crypto_key import CryptoKey
from pulumi_gcp.kms.crypto_key_iam_member import CryptoKeyIAMMember
from pulumi_gcp.kms.key_ring import KeyRing
from pulumi_gcp.projects.service_identity import ServiceIdentity

from infra.component import Component
from infra.contracts import SiteContext
from infra.gcp import physical_names, service_agents

ROTATION: Final = f"{90 * 86_400}s"
"""The longest rotation that benchmarks permit. Old versions still decrypt their data."""
DESTRUCTION_DELAY: Final = f"{30 * 86_400}s"
_ROLE: Final = "roles/cloudkms.cryptoKeyEncrypterDecrypter"


@dataclass(frozen=True, kw_only=True)
class KeysArgs:
    """The keys of one site."""

    context: SiteContext


class Keys(Component, token="pouw:gcp:Keys"):
    """Outputs: ``key`` and ``copy_key``, ids of keys; ``number`` of the project, part of the names of agents."""

    key: pulumi.Output[str]
    copy_key: pulumi.Output[str]
    number: pulumi.Output[str]

    def __init__(self, name: str, args: KeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._context = args.context
        project = physical_names.project(args.context)
        agents = {
            service: ServiceIdentity(
                f"{name}-{service}-agent", project=project, service=f"{service}.googleapis.com", opts=self.child()
            )
            for service in service_agents.CREATED
        }
        number = agents[service_agents.SOURCE].email.apply(service_agents.project_number)
        needs: list[pulumi.Resource] = list(agents.values())
        key = self._key(f"{name}-site", args.context.region, service_agents.KEY_USERS, number, needs)
        copy_key = self._key(f"{name}-copy", physical_names.copy_region(args.context), ("storage",), number, needs)
        self.publish(key=key, copy_key=copy_key, number=number)

    def _key(
        self,
        name: str,
        location: str,
        users: Sequence[str],
        number: pulumi.Output[str],
        needs: list[pulumi.Resource],
    ) -> pulumi.Output[str]:
        context = self._context
        guarded = self.child(protect=context.protect)
        ring = KeyRing(f"{name}-ring", location=location, project=physical_names.project(context), opts=guarded)
        key = CryptoKey(
            f"{name}-key",
            key_ring=ring.id,
            purpose="ENCRYPT_DECRYPT",
            rotation_period=ROTATION,
            destroy_scheduled_duration=DESTRUCTION_DELAY,
            version_template={
                "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION",
                "protection_level": protection_level(production=context.production),
            },
            labels=context.tags,
            opts=guarded,
        )
        grants = [
            CryptoKeyIAMMember(
                f"{name}-{service}",
                crypto_key_id=key.id,
                role=_ROLE,
                member=number.apply(partial(service_agents.member, service)),
                opts=self.child(depends_on=needs),
            )
            for service in users
        ]
        # The key's output waits for the grants, so that every resource with the key can use it.
        return pulumi.Output.all(key.id, *(grant.etag for grant in grants)).apply(lambda values: str(values[0]))


def protection_level(*, production: bool) -> str:
    """Return the protection level: certified hardware in production, which costs extra, else software."""
    return "HSM" if production else "SOFTWARE"
