"""The site's own encryption keys: one where it stands, one where its backups are copied to."""

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
"""Benchmarks ask for 90 days at most; old versions stay for what they encrypted."""
DESTRUCTION_DELAY: Final = f"{30 * 86_400}s"
_ROLE: Final = "roles/cloudkms.cryptoKeyEncrypterDecrypter"


@dataclass(frozen=True, kw_only=True)
class KeysArgs:
    """One site's keys."""

    context: SiteContext


class Keys(Component, token="pouw:gcp:Keys"):
    """Outputs: ``key`` and ``copy_key``, ids of keys; ``number`` of the project, which others need to name agents."""

    key: pulumi.Output[str]
    copy_key: pulumi.Output[str]
    number: pulumi.Output[str]

    def __init__(self, name: str, args: KeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._context = args.context
        project = physical_names.project(args.context)
        made = {
            service: ServiceIdentity(
                f"{name}-{service}-agent", project=project, service=f"{service}.googleapis.com", opts=self.child()
            )
            for service in service_agents.CREATED
        }
        number = made[service_agents.SOURCE].email.apply(service_agents.project_number)
        needs: list[pulumi.Resource] = list(made.values())
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
        guarded = pulumi.ResourceOptions(parent=self, protect=context.production)
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
        # Whoever is given the key may use it: its name comes with the grants, so nobody has to wait for them.
        return pulumi.Output.all(key.id, *(grant.etag for grant in grants)).apply(lambda values: str(values[0]))


def protection_level(*, production: bool) -> str:
    """Production keys never leave certified hardware; that costs a dollar a version a month, which a test saves."""
    return "HSM" if production else "SOFTWARE"
