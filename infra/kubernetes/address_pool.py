"""Addresses of an existing cluster without a cloud: a pool for MetalLB, which must already run there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apiextensions.CustomResource import CustomResource

from infra.component import Component
from infra.naming import labels

NAME = "pouw"
NAMESPACE = "metallb-system"
ANNOTATIONS = {"metallb.io/address-pool": NAME}
"""Annotations of the services whose address is from the pool."""


@dataclass(frozen=True, kw_only=True)
class AddressPoolArgs:
    """One site's pool."""

    site: str
    addresses: Sequence[str]


class AddressPool(Component, token="pouw:kubernetes:AddressPool"):
    """A pool for services that name it, announced in the local network. Output: ``pool``."""

    pool: pulumi.Output[str]

    def __init__(self, name: str, args: AddressPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        metadata = {"name": NAME, "namespace": NAMESPACE, "labels": labels("addresses", site=args.site)}
        pool = CustomResource(
            f"{name}-pool",
            api_version="metallb.io/v1beta1",
            kind="IPAddressPool",
            metadata=metadata,
            spec={"addresses": list(args.addresses), "autoAssign": False},
            opts=self.child(),
        )
        CustomResource(
            f"{name}-advertisement",
            api_version="metallb.io/v1beta1",
            kind="L2Advertisement",
            metadata=metadata,
            spec={"ipAddressPools": [NAME]},
            opts=self.child(depends_on=[pool]),
        )
        self.publish(pool=NAME)
