"""The contract of a site's components: one module per noun, with the same names on every cloud.

``infra/<cloud>/<noun>.py`` holds a frozen ``<Noun>Args`` and a component ``<Noun>`` with token ``pouw:<cloud>:<Noun>``.
The arguments have the same names on every cloud; their values may be of the cloud's own classes. A test fails by name
where a cloud lacks a module, a class, an argument or an output.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, Protocol

import pulumi
from typing_extensions import TypeVar

from infra import naming
from infra.addressing import AddressPlan, plan
from infra.settings.site import ManagedSite
from infra.settings.stack import Settings
from infra.workload import Tolerations

RPC_NODE_PORT: Final = 30845
"""Node port of the balancer's JSON-RPC, where the edge reaches the balancer through the machines."""
WS_NODE_PORT: Final = 30846
"""Node port of the balancer's WebSocket."""
PEER_NODE_PORT: Final = 30303
"""Node port of the peers' entry, which is the number of the port itself."""
POOL_LABEL: Final = naming.POOL_LABEL
"""Key of the taint of a node pool, whose value is the pool's name and whose effect is NoSchedule."""
READY_PATH: Final = "/ready"


SiteT_co = TypeVar("SiteT_co", bound=ManagedSite, default=ManagedSite, covariant=True)
"""The settings class of one cloud's site."""
_Site = TypeVar("_Site", bound=ManagedSite)


@dataclass(frozen=True, kw_only=True)
class SiteContext(Generic[SiteT_co]):
    """A cloud site with what follows from its settings; all plain."""

    environment: str
    protect: bool
    """True if the engine and the cloud refuse to delete resources that hold data."""
    site: SiteT_co
    region: str
    zones: tuple[str, str, str]
    plan: AddressPlan
    tags: Mapping[str, str]

    @property
    def production(self) -> bool:
        """True if the site follows the stricter defaults of production, such as hardware keys and late versions."""
        return self.environment == "production"


def site_context(stack: Settings, site: _Site) -> SiteContext[_Site]:
    """Return the context of a cloud site whose settings are valid."""
    zones = site.zones or site.regions[site.region][:3]
    return SiteContext(
        environment=stack.environment,
        protect=stack.protect,
        site=site,
        region=site.region,
        zones=(zones[0], zones[1], zones[2]),
        plan=plan(site.network.cidr),
        tags=naming.tags(stack.environment, site.name, stack.tags),
    )


class Keys(Protocol):
    """The site's own encryption key, which is rotated yearly and never deleted at once. Arguments: ``context``."""

    key: pulumi.Output[str]
    """Reference of the key in other resources."""


class AuditLogs(Protocol):
    """The encrypted store of the site's audit logs, with the retention of the settings.

    Arguments: ``context``, ``keys``.
    """

    logs: pulumi.Output[str]


class Alarms(Protocol):
    """The channel that sends alarms to ``contacts``, and the alarms that belong to no single component.

    A component that can fail declares its own alarms and sends them to the channel.
    Arguments: ``context``, ``keys``, ``contacts``.
    """

    channel: pulumi.Output[str]


class Network(Protocol):
    """Three zones, private machines, address translation, endpoints for the cloud's own services, flow logs.

    Arguments: ``context``, ``keys``, ``audit_logs``, ``alarms``.
    """

    network: pulumi.Output[str]
    node_subnets: pulumi.Output[Sequence[str]]
    """One subnet per zone, or one for the region where the cloud's subnets are regional."""
    egress: pulumi.Output[Sequence[str]]
    """Static addresses of the site's outgoing connections."""


class Cluster(Protocol):
    """Managed Kubernetes: private API with an allow-list, secrets under the site's key, audit logs, workload identity.

    Arguments: ``context``, ``keys``, ``audit_logs``, ``alarms``, ``network``.
    """

    cluster: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]
    """Kubeconfig without a credential: it runs the cloud's own command for a short-lived token. A secret output."""
    identity: pulumi.Output[str]
    """Identity of this cluster, which changes when the cluster is replaced. It stays known while the cluster is only
    changed, unlike the kubeconfig, which a change of tags can make unknown until the cloud has answered."""
    issuer: pulumi.Output[str]
    """Issuer of workload tokens."""


class NodePools(Protocol):
    """The node pools ``system``, ``miners`` and ``rpc``: hardened launch, encrypted disks, bounds, labels, taints.

    Arguments: ``context``, ``keys``, ``network``, ``cluster``. Spot pools keep their on-demand floor.
    """

    pools: pulumi.Output[Sequence[str]]


class Registry(Protocol):
    """A private registry: scan on push, immutable tags, the site's key, clean-up of untagged images.

    Arguments: ``context``, ``keys``, ``repository``.
    """

    repository: pulumi.Output[str]
    """Address of the repository, without a tag."""


class Backups(Protocol):
    """Versioned, locked, encrypted object storage, with a copy in another region.

    Arguments: ``context``, ``keys``, ``audit_logs``, ``alarms``. The lock holds ``site.backups.retention_days``.
    """

    bucket: pulumi.Output[str]
    copy: pulumi.Output[str]


class Identity(Protocol):
    """One identity per workload of ``infra.identities``, taken with the cluster's tokens instead of a stored key.

    Arguments: ``context``, ``keys``, ``cluster``, ``registry``, ``backups``.
    """

    annotations: pulumi.Output[Mapping[str, Mapping[str, str]]]
    """Annotations of the service account, by workload."""


RecordKind = Literal["A", "CNAME", "TXT"]


@dataclass(frozen=True, kw_only=True)
class DnsRecord:
    """A record that some component needs in the stack's zone, whatever cloud holds the zone."""

    name: str
    """Name of the resource, without the zone's own prefix."""
    host: pulumi.Input[str]
    """The whole name in DNS."""
    kind: RecordKind
    value: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class Target:
    """One site to which a name with failover may resolve."""

    site: str
    active: bool
    kind: RecordKind
    address: pulumi.Input[str]


class Dns(Protocol):
    """A signed zone of the stack in a cloud's name service, with a log of queries where the cloud can keep one.

    It serves sites of every cloud. Arguments: ``context``, ``zone``.
    """

    zone: pulumi.Output[str]
    name_servers: pulumi.Output[Sequence[str]]
    """Name servers to which the parent domain must delegate."""
    signers: pulumi.Output[Sequence[str]]
    """DS records that the parent domain must hold; empty where only a command of the cloud prints them."""

    def record(self, name: str, *, host: pulumi.Input[str], kind: RecordKind, value: pulumi.Input[str]) -> None:
        """Declare a record; ``host`` is the whole name, ``name`` that of the resource."""

    def failover(self, name: str, *, host: str, targets: Sequence[Target]) -> None:
        """Declare a name of the active target while its ``/ready`` answers over TLS, else of a standby."""


class WebFirewall(Protocol):
    """The filter of HTTP requests in front of the edge: an allow-list, a rate limit and managed rules.

    The edge attaches it. Arguments: ``context``, ``keys``, ``allow_from``.
    """

    firewall: pulumi.Output[str]


class Edge(Protocol):
    """The public edge: static address, certificate, health on ``/ready``, firewall and rate limit; only 443 is open.

    Arguments: ``context``, ``keys``, ``audit_logs``, ``alarms``, ``network``, ``node_pools``, ``hosts``,
    ``allow_from``.
    The certificate is for ``hosts``. Paths below ``/ws`` go to WebSocket.

    Clients in ``allow_from`` are served. Any other client may only read ``READY_PATH``, at the same limited rate: the
    name service of every cloud checks an edge before it resolves a name to it, and not every cloud lists the addresses
    of its checks.
    """

    address: pulumi.Output[str]
    """Address or name to which the site's record resolves."""
    address_kind: RecordKind
    proofs: Sequence[DnsRecord]
    """Records that prove the certificate. The stack writes them into its zone, which another cloud may hold."""


class Budget(Protocol):
    """A monthly budget that alerts ``contacts`` at 80 % and 100 % of actual, and at 100 % of forecast cost.

    Arguments: ``context``, ``keys``, ``alarms``, ``contacts``.
    """

    budget: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The way from the cloud's network to a service inside the cluster; all plain."""

    type: Literal["NodePort", "LoadBalancer"]
    annotations: Mapping[str, str]
    address: str | None = None
    """A fixed private address of the service."""
    kind: RecordKind = "A"
    """Kind of the record for the address that the cloud gives it."""


@dataclass(frozen=True, kw_only=True)
class PodIdentity:
    """The needs of a pod that uses an identity, besides its service account's annotations; all plain."""

    labels: Mapping[str, str]
    """Labels of the pod, by which the cloud gives it a token."""
    cidr: str
    port: int
    """Address range and port where the pod exchanges the token; its network policy must allow the connection."""


@dataclass(frozen=True, kw_only=True)
class Scaler:
    """Arguments by which an autoscaler inside the cluster finds the node pools and their bounds; all plain."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class ClusterAccess:
    """Access to the site's cluster."""

    kubeconfig: pulumi.Output[str]
    identity: pulumi.Output[str]
    """Kubeconfig and identity as of :class:`Cluster`."""
    foundation: tuple[pulumi.Resource, ...]
    """Resources that exist before any workload: the cluster with its permissions, and the first machines."""


@dataclass(frozen=True, kw_only=True)
class Connectivity:
    """Connections between the cluster and the network around it."""

    egress: pulumi.Output[Sequence[str]]
    """Static addresses of the site's outgoing connections."""
    balancer_entry: Entry
    """The way from the edge to the balancer."""
    peers_entry: Entry
    """The way from other sites to the peers' port."""


@dataclass(frozen=True, kw_only=True)
class EdgeAddress:
    """The public address of a site, and the records that its certificate needs."""

    address: pulumi.Output[str]
    kind: RecordKind
    proofs: tuple[DnsRecord, ...]


@dataclass(frozen=True, kw_only=True)
class ObjectStore:
    """The locked buckets of the site's backups."""

    bucket: pulumi.Output[str]
    copy: pulumi.Output[str]
    """The copy in another region."""


@dataclass(frozen=True, kw_only=True)
class Sinks:
    """Destinations of logs and alarms."""

    logs: pulumi.Output[str]
    alarms: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True)
class Machines:
    """The machines of the site as its workloads see them."""

    tolerations: Tolerations
    """Tolerations of the taints that the cloud itself puts on machines of a node pool."""
    storage_class: pulumi.Output[Mapping[str, Any]]
    """``provisioner`` and ``parameters`` of a storage class that encrypts with the site's own key."""
    scaler: Scaler | None = None
    """``None`` where the cloud scales the node pools itself."""


@dataclass(frozen=True, kw_only=True)
class WorkloadIdentities:
    """Identities of workloads in the cloud, as of ``infra.identities``."""

    annotations: pulumi.Output[Mapping[str, Mapping[str, str]]]
    """Annotations of the service account, by workload."""
    pod: PodIdentity

    def annotations_of(self, workload: str) -> pulumi.Output[Mapping[str, str]]:
        """Return the annotations of one workload's service account."""
        return self.annotations.apply(lambda annotations: annotations[workload])


class Site(Protocol):
    """All of the components above as one. It has an edge only if ``allow_from`` lists clients and there are ``hosts``.

    Arguments: ``context``, ``contacts``, ``repository``, ``hosts``, ``allow_from``.
    """

    access: ClusterAccess
    connectivity: Connectivity
    edge: EdgeAddress | None
    repository: pulumi.Output[str]
    """Address of the image repository, without a tag."""
    object_store: ObjectStore
    sinks: Sinks
    machines: Machines
    identities: WorkloadIdentities
