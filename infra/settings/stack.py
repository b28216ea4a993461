"""The settings of a stack: every ``pouw:`` key, typed, with its default and meaning. A frozen tree."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, Field

from infra.settings.site import Site
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


class Amounts(Part):
    """Processor and memory, in Kubernetes quantities."""

    cpu: Quantity
    """Processors."""
    memory: Quantity
    """Bytes."""


class Resources(Part):
    """What one node asks for, and what it may use."""

    requests: Amounts = Amounts(cpu="1", memory="1Gi")
    """What the scheduler sets aside."""
    limits: Amounts = Amounts(cpu="4", memory="4Gi")
    """What it may use at most."""


class Storage(Part):
    """The volume of one node."""

    size: Quantity = "20Gi"
    """Size of the volume."""
    class_name: str | None = None
    """Storage class; unset takes the cluster's default."""


class Nodes(Part):
    """How many nodes a slot runs, by role."""

    miners: Annotated[int, Field(ge=1, le=500)] = 3
    """Nodes that train and earn blocks."""
    verifiers: Annotated[int, Field(ge=0, le=500)] = 1
    """Nodes that check and serve, and mine nothing."""
    resources: Resources = Resources()
    """Of each node."""
    storage: Storage = Storage()
    """Of each node."""

    @property
    def total(self) -> int:
        """Nodes of one slot."""
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
    """How clients reach a site's balancer."""

    type: Literal["ClusterIP", "NodePort", "LoadBalancer"] = "ClusterIP"
    """Type of the client service; private by default."""
    rpc_node_port: NodePort | None = None
    """Node port of JSON-RPC; unset lets the cluster choose."""
    ws_node_port: NodePort | None = None
    """Node port of WebSocket; unset lets the cluster choose."""
    metrics_node_port: NodePort | None = None
    """Node port of metrics; unset lets the cluster choose."""
    allow_from: tuple[Cidr, ...] = ()
    """CIDR ranges that may reach it. On an existing cluster none leaves it to the cluster's own edge; a cloud site
    opens no balancer without one."""


class Balancer(Part):
    """The load balancer in front of a site's nodes."""

    replicas: Annotated[int, Field(ge=1, le=20)] = 2
    """Balancer pods."""
    exposure: Exposure = Exposure()
    """How clients reach it."""
    max_nodes: Annotated[int, Field(ge=1, le=1000)] = 100
    """Nodes that it has room for."""
    resources: Resources = Resources(
        requests=Amounts(cpu="250m", memory="128Mi"), limits=Amounts(cpu="1", memory="256Mi")
    )
    """Of each balancer pod."""


class Dns(Part):
    """Names by which clients and sites find the network."""

    zone: Domain | None = None
    """Zone that the stack makes; delegate it to the name servers in the stack's outputs. The first cloud site in
    the list decides which cloud holds it. Required for several sites, and for public balancers of cloud sites."""
    host: DnsLabel = "rpc"
    """Name in the zone that leads to the active site, and to a standby when that one fails."""


class Chain(Part):
    """Chain parameters that every node of the network must share: they make the first block."""

    network_id: Annotated[int, Field(ge=1, le=2**31 - 1)] = 1337
    """Network id; part of every signature."""
    genesis_time_s: Annotated[int, Field(ge=1_700_000_000, le=4_102_444_800)] = 1_790_000_000
    """Time of the first block, Unix seconds."""
    block_time_s: Annotated[int, Field(ge=1, le=3600)] = 15
    """Seconds between blocks that difficulty aims at."""


class Images(Part):
    """Container images. The command line fills in what it builds itself; elsewhere they come from a registry."""

    node: ImageReference | None = None
    """Image of the nodes."""
    balancer: ImageReference | None = None
    """Image of the balancer (HAProxy)."""
    autoscaler: ImageReference | None = None
    """Image of the cluster's autoscaler where the cloud brings none (AWS), such as your mirror's; unset takes the
    Kubernetes project's own, by digest."""
    repository: DnsLabel = "pouw"
    """Repository in a cloud site's own registry, for the images that are named nowhere and so are built."""
    tag: ImageTag | None = None
    """Tag of images that are built: the command line fills in their content's hash; unset is the project's version."""
    base: str | None = None
    """Base image of ``Dockerfile.production``; unset makes one from Debian packages."""


class Policy(Part):
    """How strict the compliance gate is."""

    enforcement: Literal["mandatory", "advisory"] = "mandatory"
    """Whether a violation refuses the deployment, or is only told; production is never `advisory`."""
    levels: dict[str, Literal["mandatory", "advisory", "disabled"]] = Field(default_factory=dict)
    """Levels of single rules, by id; none may be lower than the rule's own in production."""
    remediate: bool = False
    """Whether rules that can may add what is missing, such as a tag; told in the preview."""


class Settings(Part):
    """One stack."""

    environment: Literal["local", "staging", "production"]
    """Production insists on spread over machines."""
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
    """Mail addresses that alarms and budgets are sent to; required for a cloud site."""
    tags: dict[TagText, TagText] = Field(default_factory=dict)
    """Tags of every taggable resource, besides those of our own."""
    policy: Policy = Policy()
    """How strict the compliance gate is."""
    kubeconfig: str = ""
    """Path of the kubeconfig to use; empty means the user's own."""

    @property
    def embedded(self) -> bool:
        """Whether a site runs on the embedded cluster: plain Kubernetes, and no context of the user's named."""
        return any(site.embedded for site in self.sites)

    @property
    def zone_holder(self) -> Site | None:
        """The site whose cloud holds the stack's zone: the first, whatever its role, since sites change theirs when one
        takes over from another, and a zone that moved would have other name servers than the parent domain names."""
        return next((site for site in self.sites if site.managed), None) if self.dns.zone else None


def model_of(annotation: object) -> type[BaseModel] | None:
    """The settings class inside an annotation such as ``tuple[Site, ...]``; ``None`` where there is none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := model_of(inner))), None)
