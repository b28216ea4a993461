"""The settings of a stack: every ``pouw:`` key, typed, with its default and meaning. A frozen tree."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from infra.aws.settings import AwsSite
from infra.azure.settings import AzureSite
from infra.gcp.settings import GcpSite
from infra.kubernetes.settings import ClusterSite
from infra.settings.site import ManagedSite
from infra.settings.values import (
    Cidr,
    DnsLabel,
    Domain,
    ImageReference,
    ImageTag,
    MailAddress,
    NodePort,
    Part,
    Quantity,
    TagText,
)

NAMESPACE = "pouw"
SECRET_KEYS = frozenset({"nodeKeySeed"})

Site: TypeAlias = Annotated[AwsSite | AzureSite | GcpSite | ClusterSite, Field(discriminator="cloud")]
"""A site: ``cloud`` decides which settings it has."""


class Amounts(Part):
    """Processor and memory, in Kubernetes quantities."""

    cpu: Quantity
    """Processors."""
    memory: Quantity
    """Bytes."""


class Resources(Part):
    """Requests and limits of one pod."""

    requests: Amounts = Amounts(cpu="1", memory="1Gi")
    """Amounts that the scheduler reserves."""
    limits: Amounts = Amounts(cpu="4", memory="4Gi")
    """Largest amounts that the pod may use."""


class Storage(Part):
    """The volume of one node."""

    size: Quantity = "20Gi"
    """Size of the volume."""
    class_name: str | None = None
    """Storage class; unset takes the cluster's default."""


class Nodes(Part):
    """The nodes of one slot, by role."""

    miners: Annotated[int, Field(ge=1, le=500)] = 3
    """Nodes that train and earn blocks."""
    verifiers: Annotated[int, Field(ge=0, le=500)] = 1
    """Nodes that verify and serve clients. They do not mine."""
    resources: Resources = Resources()
    """Requests and limits of each node."""
    storage: Storage = Storage()
    """Volume of each node."""

    @property
    def total(self) -> int:
        """Number of nodes in one slot."""
        return self.miners + self.verifiers


class Slot(Part):
    """One complete set of nodes behind the balancer."""

    name: Literal["blue", "green"]
    """Name of the slot, unique in its stack."""
    active: bool = True
    """The active slot serves other sites. Exactly one slot is active."""
    weight: Annotated[int, Field(ge=0, le=100)] = 100
    """Percentage of the clients' requests that the slot gets. The weights of all slots add up to 100."""


class Exposure(Part):
    """The service by which clients reach a site's balancer."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    """Type of the client service; private by default."""
    rpc_node_port: NodePort | None = None
    """Node port of JSON-RPC; unset lets the cluster choose."""
    ws_node_port: NodePort | None = None
    """Node port of WebSocket; unset lets the cluster choose."""
    metrics_node_port: NodePort | None = None
    """Node port of metrics; unset lets the cluster choose."""
    allow_from: tuple[Cidr, ...] = ()
    """CIDR ranges that may reach the balancer. A cloud site needs at least one to open it. On an existing cluster, an
    empty list leaves the decision to the cluster."""


class Balancer(Part):
    """The load balancer in front of a site's nodes."""

    replicas: Annotated[int, Field(ge=1, le=20)] = 2
    """Balancer pods."""
    exposure: Exposure = Exposure()
    """Service by which clients reach the balancer."""
    max_nodes: Annotated[int, Field(ge=1, le=1000)] = 100
    """Largest number of nodes behind the balancer."""
    resources: Resources = Resources(
        requests=Amounts(cpu="250m", memory="128Mi"), limits=Amounts(cpu="1", memory="256Mi")
    )
    """Requests and limits of each balancer pod."""


class Dns(Part):
    """Names by which clients and sites find the network."""

    zone: Domain | None = None
    """Zone that the stack creates; delegate it to the name servers in the stack's outputs. The cloud of the first cloud
    site in the list holds it. Several sites require a zone, and so do public balancers of cloud sites."""
    host: DnsLabel = "rpc"
    """Name in the zone that resolves to the active site, and to a standby while no active site is healthy."""

    def site_hosts(self, site: str) -> tuple[str, ...]:
        """Return the names by which clients reach a site: the stack's, then the site's own. Empty without a zone."""
        return (f"{self.host}.{self.zone}", f"{site}.{self.zone}") if self.zone else ()


class Chain(Part):
    """Chain parameters that every node of the network must share, because the first block depends on them."""

    network_id: Annotated[int, Field(ge=1, le=2**31 - 1)] = 1337
    """Network ID; part of every signature."""
    genesis_time_s: Annotated[int, Field(ge=1_700_000_000, le=4_102_444_800)] = 1_790_000_000
    """Time of the first block, Unix seconds."""
    block_time_s: Annotated[int, Field(ge=1, le=3600)] = 15
    """Target time between blocks, in seconds; difficulty follows it."""


class Images(Part):
    """Container images. The command line fills in those that it builds; all others come from a registry."""

    node: ImageReference | None = None
    """Image of the nodes."""
    balancer: ImageReference | None = None
    """Image of the balancer (HAProxy)."""
    autoscaler: ImageReference | None = None
    """Image of the node autoscaler, which only clusters on AWS run, such as your mirror's. Unset takes the Kubernetes
    project's own image, by digest."""
    repository: DnsLabel = "pouw"
    """Repository in a cloud site's own registry. It holds the images that the stack builds."""
    tag: ImageTag | None = None
    """Tag of images that the stack builds. The command line fills in a hash of their content; unset is the project's
    version."""
    base: str | None = None
    """Base image of `Dockerfile.production`; unset builds one from Debian packages."""


class Policy(Part):
    """Strictness of the compliance gate."""

    enforcement: Literal["mandatory", "advisory"] = "mandatory"
    """`mandatory` refuses a deployment with violations; `advisory` only reports them. Production is always
    `mandatory`."""
    levels: dict[str, Literal["mandatory", "advisory", "disabled"]] = Field(default_factory=dict)
    """Levels of single rules, by rule ID. In production no level may be lower than the rule's own."""
    remediate: bool = False
    """Let rules add what is missing, such as a tag, where they can. The preview reports every addition."""


class Settings(Part):
    """One stack."""

    environment: Literal["local", "staging", "production"]
    """Environment of the stack. Production spreads pods over machines and protects data from deletion."""
    sites: tuple[Site, ...]
    """The clusters of the stack, at least one of them active."""
    chain: Chain = Chain()
    """Parameters of the chain."""
    nodes: Nodes = Nodes()
    """The nodes of a slot."""
    slots: tuple[Slot, ...] = (Slot(name="blue"),)
    """The sets of nodes behind each site's balancer. By default `blue` is the only one."""
    balancer: Balancer = Balancer()
    """The balancer of a site."""
    images: Images = Images()
    """Container images."""
    dns: Dns = Dns()
    """Names by which clients and sites find the network."""
    contacts: tuple[MailAddress, ...] = ()
    """Mail addresses that receive alarms and budget notices; required for a cloud site."""
    tags: dict[TagText, TagText] = Field(default_factory=dict)
    """Tags of every taggable resource, in addition to the four that the stack sets."""
    policy: Policy = Policy()
    """Strictness of the compliance gate."""
    kubeconfig: str = ""
    """Path of the kubeconfig; empty means the user's own."""

    @property
    def protect(self) -> bool:
        """True if the engine and the clouds refuse to delete resources that hold data: in production."""
        return self.environment == "production"

    @property
    def embedded(self) -> bool:
        """True if a site runs on the embedded cluster."""
        return any(site.embedded for site in self.sites)

    @property
    def managed_sites(self) -> tuple[ManagedSite, ...]:
        """The sites whose cluster a cloud manages."""
        return tuple(site for site in self.sites if isinstance(site, ManagedSite))

    @property
    def allow_from(self) -> tuple[str, ...]:
        """Ranges that a cloud site's edge admits. Empty without a public balancer, which needs no edge."""
        exposure = self.balancer.exposure
        return exposure.allow_from if exposure.type == "LoadBalancer" else ()

    @property
    def zone_holder(self) -> ManagedSite | None:
        """The first cloud site, whose cloud holds the stack's zone; ``None`` without a zone.

        Roles do not matter: sites exchange them, and a zone in another cloud would have other name servers than the
        parent domain names.
        """
        return next(iter(self.managed_sites), None) if self.dns.zone else None
