"""The settings that sites of every cloud share. ``infra/<cloud>/settings.py`` holds those of one cloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from infra.settings.values import DnsLabel, Ipv4Cidr, KubernetesVersion, Part

NODE_POOLS: Final = ("system", "miners", "rpc")
"""Names of the machine pools of a cloud site."""


class Network(Part):
    """The network of a cloud site."""

    cidr: Ipv4Cidr = "10.20.0.0/16"
    """Range of the whole site, /16 to /20. No two sites of a stack may share an address."""
    services: Ipv4Cidr = "172.20.0.0/16"
    """Range of cluster services."""
    translation: Literal["zone", "shared"] = "zone"
    """Address translation (NAT): one in every zone, or one for all. A shared one is cheaper and fails with its zone."""
    flow_log_days: Annotated[int, Field(ge=1, le=3653)] = 90
    """Days that flow logs are kept."""

    @property
    def ranges(self) -> Mapping[str, str]:
        """Ranges that may not share an address, by their keys."""
        return {"cidr": self.cidr, "services": self.services}


class PodNetwork(Network):
    """The network of a cloud site whose pods have a range of their own."""

    pods: Ipv4Cidr = "100.64.0.0/14"
    """Range of pods."""

    @property
    def ranges(self) -> Mapping[str, str]:
        """Ranges that may not share an address, by their keys."""
        return {"cidr": self.cidr, "pods": self.pods, "services": self.services}


class Cluster(Part):
    """The managed Kubernetes cluster of a cloud site."""

    version: KubernetesVersion = "1.34"
    """Minor version; patches follow the cloud's stable channel."""
    api_allow_from: tuple[Ipv4Cidr, ...] = ()
    """CIDR ranges that may reach the API server from outside. Without a range it is private."""
    log_days: Annotated[int, Field(ge=90, le=3653)] = 365
    """Days that audit logs are kept."""


class NodePool(Part):
    """A pool of machines."""

    instance: str | None = None
    """Machine type, as the cloud names it; unset takes a suitable one. A type with accelerators is supported."""
    minimum: Annotated[int, Field(ge=1, le=1000)] = 3
    """Smallest number of machines."""
    maximum: Annotated[int, Field(ge=1, le=1000)] = 6
    """Largest number of machines."""
    disk_gib: Annotated[int, Field(ge=30, le=2000)] = 100
    """Size of each machine's encrypted disk, GiB."""


class Spot(NodePool):
    """A pool with a floor of permanent machines; the cloud may take the others away, which cost less."""

    maximum: Annotated[int, Field(ge=1, le=1000)] = 12
    """Largest number of machines, spot machines included."""
    spot: bool = True
    """Use spot machines above the floor."""
    on_demand_floor: Annotated[int, Field(ge=1, le=1000)] = 1
    """Machines that are never spot."""


class Pools(Part):
    """The machine pools of a cloud site."""

    system: NodePool = NodePool(minimum=3, maximum=6)
    """Machines of the cluster's own workloads."""
    miners: Spot = Spot()
    """Machines of the nodes that train."""
    rpc: NodePool = NodePool()
    """Machines of the nodes that serve clients, and of the balancer."""

    @property
    def by_name(self) -> Mapping[str, NodePool]:
        """The pools by their names."""
        return {"system": self.system, "miners": self.miners, "rpc": self.rpc}


class Backups(Part):
    """The backups of a cloud site."""

    copy_region: Annotated[str, Field(title="another region of the same cloud")]
    """Another region of the same cloud that holds a copy of every backup."""
    retention_days: Annotated[int, Field(ge=7, le=3650)] = 35
    """Days in which a backup can be neither changed nor removed."""


class Budget(Part):
    """The budget of a cloud site."""

    monthly: Annotated[int, Field(ge=1, le=10_000_000)]
    """Limit per month, in whole units of the billing currency. Contacts get mail at 80 % and 100 % of it, and when the
    forecast is higher."""


class SiteBase(Part):
    """The settings of every site: one cluster in one region of one cloud, or an existing cluster."""

    name: DnsLabel
    """Name of the site, unique in its stack."""
    cloud: str
    """Cloud of the site. The value `kubernetes` means any existing cluster."""
    role: Literal["active", "standby"] = "active"
    """An `active` site serves clients. A `standby` takes over when no active site is healthy."""

    @property
    def managed(self) -> bool:
        """True if a cloud manages the cluster."""
        return isinstance(self, ManagedSite)

    @property
    def embedded(self) -> bool:
        """True if the site runs on the embedded cluster."""
        return False


class ManagedSite(SiteBase):
    """The settings of a site on any cloud: the class of one cloud adds its ``cloud`` and what only that cloud has."""

    title: ClassVar[str]
    """Name of the cloud in messages."""
    regions: ClassVar[Mapping[str, tuple[str, ...]]]
    """Zones of the cloud by region."""

    region: Annotated[str, Field(title="a region of the cloud")]
    """Region of the cloud."""
    zones: tuple[str, ...] = ()
    """Three zones of the region; unset takes its first three."""
    account: str
    """Account, subscription or project of the site. `up` refuses credentials of another one."""
    network: Network = Network()
    """The network of the site."""
    cluster: Cluster = Cluster()
    """The managed Kubernetes cluster of the site."""
    pools: Pools = Pools()
    """The machine pools of the site."""
    backups: Backups
    """The backups of the site."""
    budget: Budget | None = None
    """The budget of the site; required in production."""
