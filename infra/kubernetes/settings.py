"""The settings of a site on an existing cluster."""

from __future__ import annotations

from typing import Literal

from infra.settings.site import SiteBase
from infra.settings.values import AddressRange, Cidr


class ClusterSite(SiteBase):
    """An existing Kubernetes cluster: on premises, kind, k3s, or the embedded one."""

    cloud: Literal["kubernetes"]
    """Cloud of the site. The value `kubernetes` means any existing cluster."""
    context: str | None = None
    """Kubeconfig context of the cluster; unset means the embedded cluster."""
    storage_class: str | None = None
    """Storage class of the nodes' volumes; unset takes that of `pouw:nodes.storage`."""
    egress: tuple[Cidr, ...] = ()
    """Ranges that the cluster's connections come from. Other sites admit them, so several sites require one."""
    address_pool: tuple[AddressRange, ...] = ()
    """Addresses that MetalLB may assign to services."""

    @property
    def embedded(self) -> bool:
        """True if the site runs on the embedded cluster."""
        return self.context is None
