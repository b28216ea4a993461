"""What every cloud's part of a site must offer. One module a noun, the same names on each cloud.

``infra/<cloud>/<noun>.py`` holds a frozen ``<Noun>Args`` and a component ``<Noun>`` with token ``pouw:<cloud>:<Noun>``.
The arguments carry the same names on every cloud; what they hold may be of the cloud's own classes. A test reads
``CONTRACTS`` and fails by name where a cloud lacks a module, a class, an argument or an output.
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
"""Node port of the in-cluster balancer's JSON-RPC where a cloud's balancer reaches it through the machines."""
WS_NODE_PORT: Final = 30846
"""The same for WebSocket."""
PEER_NODE_PORT: Final = 30303
"""Node port of the peers' entry: the same number as the port itself."""
POOL_LABEL: Final = naming.POOL_LABEL
"""The taint of the miners' pool has it as key, the pool's name as value and the effect NoSchedule."""
READY_PATH: Final = "/ready"


SiteT_co = TypeVar("SiteT_co", bound=ManagedSite, default=ManagedSite, covariant=True)
"""The settings class of one cloud's site."""
_Site = TypeVar("_Site", bound=ManagedSite)


@dataclass(frozen=True, kw_only=True)
class SiteContext(Generic[SiteT_co]):
    """A cloud site with what follows from its settings; all plain."""

    environment: str
    site: SiteT_co
    region: str
    zones: tuple[str, str, str]
    plan: AddressPlan
    tags: Mapping[str, str]

    @property
    def production(self) -> bool:
        """Whether deletion protection and locks are for good: a rehearsed stack can be taken away, this one cannot."""
        return self.environment == "production"


def site_context(stack: Settings, site: _Site) -> SiteContext[_Site]:
    """Return the context of a cloud site whose settings are valid."""
    zones = site.zones or site.regions[site.region][:3]
    return SiteContext(
        environment=stack.environment,
        site=site,
        region=site.region,
        zones=(zones[0], zones[1], zones[2]),
        plan=plan(site.network.cidr),
        tags=naming.tags(stack.environment, site.name, stack.tags),
    )


class Keys(Protocol):
    """The site's own encryption key, rotated yearly, never deleted at once. Arguments: ``context``."""

    key: pulumi.Output[str]
    """What other resources name it by."""


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
    """Three zones, private nodes, address translation, endpoints for the cloud's own services, flow logs.

    Arguments: ``context``, ``keys``, ``audit_logs``, ``alarms``.
    """

    network: pulumi.Output[str]
    node_subnets: pulumi.Output[Sequence[str]]
    """One a zone, or one for the region where the cloud's subnets are regional."""
    egress: pulumi.Output[Sequence[str]]
    """Static addresses that the site's own connections come from."""


class Cluster(Protocol):
    """Managed Kubernetes: private API with an allow-list, secrets under the own key, audit logs, workload identity.

    Arguments: ``context``, ``keys``, ``audit_logs``, ``alarms``, ``network``.
    """

    cluster: pulumi.Output[str]
    kubeconfig: pulumi.Output[str]
    """Without a credential: it calls the cloud's own command for a short-lived token. Still a secret output."""
    identity: pulumi.Output[str]
    """What tells this cluster from one made anew under its name: known while it is only changed, another when it is
    replaced. The kubeconfig does not: a change of tags can make it unknown until the cloud has answered."""
    issuer: pulumi.Output[str]
    """Issuer of workload tokens."""


class NodePools(Protocol):
    """The pools ``system``, ``miners`` and ``rpc``: hardened launch, encrypted disks, bounds, labels, taints.

    Arguments: ``context``, ``keys``, ``network``, ``cluster``. Spot pools keep their on-demand floor.
    """

    pools: pulumi.Output[Sequence[str]]


class Registry(Protocol):
    """A private registry: scan on push, immutable tags, own key, clean-up of what has no tag.

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
    """One identity a workload, by workload token, with no key: ``backup`` may add objects to the bucket and read them.

    Arguments: ``context``, ``keys``, ``cluster``, ``registry``, ``backups``.
    """

    annotations: pulumi.Output[Mapping[str, Mapping[str, str]]]
    """Annotations of the service account, by workload."""


RecordKind = Literal["A", "CNAME", "TXT"]


@dataclass(frozen=True, kw_only=True)
class Target:
    """One site that a name with failover may lead to."""

    site: str
    active: bool
    kind: RecordKind
    address: pulumi.Input[str]


class Dns(Protocol):
    """A signed zone of the stack in a cloud's name service, its questions written down where the cloud can do that.

    It serves sites of every cloud. Arguments: ``context``, ``zone``.
    """

    zone: pulumi.Output[str]
    name_servers: pulumi.Output[Sequence[str]]
    """Where the parent domain has to lead."""
    signers: pulumi.Output[Sequence[str]]
    """DS records that the parent domain has to hold; empty where only a command of the cloud tells them."""

    def record(self, name: str, *, host: pulumi.Input[str], kind: RecordKind, value: pulumi.Input[str]) -> None:
        """Declare a record; ``host`` is the whole name, ``name`` the resource's own."""

    def failover(self, name: str, *, host: str, targets: Sequence[Target]) -> None:
        """Declare a name that leads to the active target while its ``/ready`` answers over TLS, else to a standby."""


class WebFirewall(Protocol):
    """The filter of HTTP requests in front of the edge: an allow-list, a rate limit and managed rules.

    The edge attaches it. Arguments: ``context``, ``keys``, ``allow_from``.
    """

    firewall: pulumi.Output[str]


class Edge(Protocol):
    """The public edge: static address, certificate, health on ``/ready``, firewall and rate limit; 443 alone is open.

    Arguments: ``context``, ``keys``, ``audit_logs``, ``alarms``, ``network``, ``node_pools``, ``dns``, ``hosts``,
    ``allow_from``.
    The certificate is for ``hosts`` and proves them by records in ``dns``. Paths below ``/ws`` go to WebSocket.

    ``allow_from`` is served. Anybody else may read ``READY_PATH``, at the same limited rate, and nothing else: the name
    service of any cloud checks an edge before it leads somebody there, and not every cloud tells from which addresses.
    """

    address: pulumi.Output[str]
    """Address or name that the site's record leads to."""
    address_kind: RecordKind


class Budget(Protocol):
    """A monthly budget that tells ``contacts`` at 80 % and 100 % of actual, and at 100 % of forecast cost.

    Arguments: ``context``, ``keys``, ``alarms``, ``contacts``.
    """

    budget: pulumi.Output[str]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """How a service inside the cluster is reached from the cloud around it; all plain."""

    type: Literal["NodePort", "LoadBalancer"]
    annotations: Mapping[str, str]
    address: str | None = None
    """A fixed private address for it."""
    kind: RecordKind = "A"
    """Kind of record that its address from the cloud makes."""


@dataclass(frozen=True, kw_only=True)
class PodIdentity:
    """What a pod that uses an identity needs besides its service account's annotations; all plain."""

    labels: Mapping[str, str]
    """That it carries, so that the cloud gives it a token."""
    cidr: str
    port: int
    """Where it exchanges that token for credentials: its network policy has to let it out to there."""


@dataclass(frozen=True, kw_only=True)
class Scaler:
    """How an autoscaler inside the cluster finds the pools, and their bounds, in the cloud; all plain."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]


class Site(Protocol):
    """All of the above as one component, in order; the edge and ``dns`` only where ``allow_from`` names somebody.

    Arguments: ``context``, ``contacts``, ``repository``, ``dns``, ``hosts``, ``allow_from``.
    """

    kubeconfig: pulumi.Output[str]
    identity: pulumi.Output[str]
    """As of :class:`Cluster`."""
    foundation: Sequence[pulumi.Resource]
    """What workloads wait for: the cluster with what it is allowed to do, and machines with what runs on them first."""
    egress: pulumi.Output[Sequence[str]]
    repository: pulumi.Output[str]
    annotations: pulumi.Output[Mapping[str, Mapping[str, str]]]
    """As of :class:`Identity`."""
    storage_class: pulumi.Output[Mapping[str, Any]]
    """``provisioner`` and ``parameters`` of an encrypted class under the site's own key."""
    address: pulumi.Output[str]
    """As of :class:`Edge`; empty without an edge."""
    address_kind: RecordKind
    balancer_entry: Entry
    """The in-cluster balancer, as the edge reaches it."""
    peers_entry: Entry
    """The peers' port, as other sites reach it."""
    tolerations: Tolerations
    """For taints that the cloud itself puts on machines of a pool."""
    pod_identity: PodIdentity
    scaler: Scaler | None
    """``None`` where the cloud scales the pools by itself."""


@dataclass(frozen=True, kw_only=True)
class Contract:
    """One noun: its protocol and the names of its arguments."""

    module: str
    protocol: type[Any]
    arguments: tuple[str, ...]


CONTRACTS: Final = (
    Contract(module="keys", protocol=Keys, arguments=("context",)),
    Contract(module="audit_logs", protocol=AuditLogs, arguments=("context", "keys")),
    Contract(module="alarms", protocol=Alarms, arguments=("context", "keys", "contacts")),
    Contract(module="network", protocol=Network, arguments=("context", "keys", "audit_logs", "alarms")),
    Contract(module="cluster", protocol=Cluster, arguments=("context", "keys", "audit_logs", "alarms", "network")),
    Contract(module="node_pools", protocol=NodePools, arguments=("context", "keys", "network", "cluster")),
    Contract(module="registry", protocol=Registry, arguments=("context", "keys", "repository")),
    Contract(module="backups", protocol=Backups, arguments=("context", "keys", "audit_logs", "alarms")),
    Contract(module="identity", protocol=Identity, arguments=("context", "keys", "cluster", "registry", "backups")),
    Contract(module="web_firewall", protocol=WebFirewall, arguments=("context", "keys", "allow_from")),
    Contract(module="dns", protocol=Dns, arguments=("context", "zone")),
    Contract(
        module="edge",
        protocol=Edge,
        arguments=("context", "keys", "audit_logs", "alarms", "network", "node_pools", "dns", "hosts", "allow_from"),
    ),
    Contract(module="budget", protocol=Budget, arguments=("context", "keys", "alarms", "contacts")),
    Contract(
        module="site",
        protocol=Site,
        arguments=("context", "contacts", "repository", "dns", "hosts", "allow_from"),
    ),
)
