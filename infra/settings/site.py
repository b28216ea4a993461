"""The settings of a site: one cluster in one region of one cloud, and what stands around it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from infra.settings.values import (
    AddonVersion,
    AddressRange,
    Cidr,
    DdosPlan,
    DnsLabel,
    FirstOfMonth,
    Identity,
    KubernetesVersion,
    Part,
)

Cloud = Literal["aws", "azure", "gcp", "kubernetes"]
Addon = Literal["aws-ebs-csi-driver", "coredns", "eks-pod-identity-agent", "kube-proxy", "vpc-cni"]


class Network(Part):
    """The network of a cloud site."""

    cidr: Cidr = "10.20.0.0/16"
    """Range of the whole site, /16 to /20; no two sites of a stack may share an address."""
    pods: Cidr = "100.64.0.0/14"
    """Range of pods where the cloud does not give them addresses of the network (Azure, GCP)."""
    services: Cidr = "172.20.0.0/16"
    """Range of cluster services."""
    translation: Literal["zone", "shared"] = "zone"
    """Address translation (NAT): one in every zone, or one shared by all, which is cheaper and fails with its zone."""
    ddos_plan: DdosPlan | None = None
    """Plan of DDoS protection that the network joins (Azure only). A plan is shared by a whole tenant and costs the
    same for one network as for a hundred, so a site joins one and makes none."""
    flow_log_days: Annotated[int, Field(ge=1, le=3653)] = 90
    """Days that flow logs are kept, and on AWS access logs of the edge and of buckets."""


class Cluster(Part):
    """The managed Kubernetes of a cloud site."""

    version: KubernetesVersion = "1.34"
    """Minor version; patches follow the cloud's stable channel."""
    api_allow_from: tuple[Cidr, ...] = ()
    """CIDR ranges that may reach the API server from outside; none leaves it private."""
    administrators: tuple[Identity, ...] = ()
    """Roles and users that administer the cluster, the one that deploys it among them (AWS only, and required there:
    who made the cluster has no right by that alone; the other clouds go by their own roles)."""
    addons: dict[Addon, AddonVersion] = Field(default_factory=dict)
    """Versions of add-ons in place of the reviewed ones (AWS only); needed for a Kubernetes version that has none."""
    log_days: Annotated[int, Field(ge=90, le=3653)] = 365
    """Days that audit logs are kept."""


class Pool(Part):
    """A pool of machines."""

    instance: str | None = None
    """Machine type in the cloud's words; unset takes a fitting one. A type with accelerators makes a pool of them."""
    minimum: Annotated[int, Field(ge=1, le=1000)] = 3
    """Machines at least."""
    maximum: Annotated[int, Field(ge=1, le=1000)] = 6
    """Machines at most."""
    disk_gib: Annotated[int, Field(ge=30, le=2000)] = 100
    """Encrypted disk of each machine, GiB."""


class Spot(Pool):
    """A pool whose machines above a floor may be taken away at any time, for less money."""

    maximum: Annotated[int, Field(ge=1, le=1000)] = 12
    """Machines at most, both kinds together."""
    spot: bool = True
    """Whether machines above the floor are spot machines."""
    on_demand_floor: Annotated[int, Field(ge=1, le=1000)] = 1
    """Machines that are never spot."""


class Pools(Part):
    """The pools of a cloud site."""

    system: Pool = Pool(minimum=3, maximum=6)
    """For the cluster's own workloads."""
    miners: Spot = Spot()
    """For nodes that train."""
    rpc: Pool = Pool()
    """For nodes that serve, and for the balancer."""


class Backups(Part):
    """Where a cloud site's backups go."""

    copy_region: str | None = None
    """Another region of the same cloud that holds a copy; required for a cloud site."""
    retention_days: Annotated[int, Field(ge=7, le=3650)] = 35
    """Days in which no backup can be changed or removed, by anyone."""


class Budget(Part):
    """What a cloud site may cost."""

    monthly: Annotated[int, Field(ge=1, le=10_000_000)]
    """Whole units of the billing currency a month; told at 80 % and 100 % of it, and when a forecast passes it."""
    billing_account: str | None = None
    """Billing account (GCP only, where a budget belongs to it)."""
    since: FirstOfMonth | None = None
    """First day of the month that the site is made in (Azure only, which counts from there), such as 2026-11-01."""


class Site(Part):
    """One cluster in one region of one cloud."""

    name: DnsLabel
    """Name of the site, unique in its stack."""
    cloud: Cloud
    """Where it is; `kubernetes` is any existing cluster."""
    region: str | None = None
    """Region of the cloud."""
    zones: tuple[str, ...] = ()
    """Three zones of the region; unset takes its first three."""
    account: str | None = None
    """AWS account, Azure subscription or GCP project that the site lives in; `up` refuses to work in any other."""
    tenant: str | None = None
    """Directory of the subscription, a UUID (Azure only)."""
    role: Literal["active", "standby"] = "active"
    """Whether it serves, or waits to take over."""
    context: str | None = None
    """Kubeconfig context of an existing cluster (``cloud: kubernetes``); unset means the embedded one."""
    storage_class: str | None = None
    """Storage class of an existing cluster (``cloud: kubernetes``); unset takes that of ``pouw:nodes.storage``."""
    egress: tuple[Cidr, ...] = ()
    """Ranges that an existing cluster's connections come from, for other sites to let in (``cloud: kubernetes``)."""
    address_pool: tuple[AddressRange, ...] = ()
    """Addresses that MetalLB may give to services of an existing cluster (``cloud: kubernetes``)."""
    network: Network = Network()
    """The network of a cloud site."""
    cluster: Cluster = Cluster()
    """The managed Kubernetes of a cloud site."""
    pools: Pools = Pools()
    """The pools of a cloud site."""
    backups: Backups = Backups()
    """Where a cloud site's backups go."""
    budget: Budget | None = None
    """What a cloud site may cost; required in production."""

    @property
    def embedded(self) -> bool:
        """Whether this site runs on the embedded cluster."""
        return self.cloud == "kubernetes" and self.context is None

    @property
    def managed(self) -> bool:
        """Whether a cloud manages its cluster."""
        return self.cloud != "kubernetes"
