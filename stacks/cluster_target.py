"""What the workloads of a site stand on: an existing cluster, or one that a cloud is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.provider import Provider

from infra import contracts
from infra.clouds import CLOUDS
from infra.contracts import Entry, PodIdentity, Scaler
from infra.kubernetes import address_pool, node_autoscaler
from infra.kubernetes.address_pool import AddressPool, AddressPoolArgs
from infra.kubernetes.settings import ClusterSite
from infra.settings import loading
from infra.settings.site import ManagedSite, SiteBase
from infra.settings.stack import Settings, Site
from infra.workload import Tolerations
from stacks import hostnames


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """What an autoscaler inside the cluster is made from."""

    image: str
    scaler: Scaler
    identity: PodIdentity
    annotations: pulumi.Input[Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class ClusterTarget:
    """A site with its cluster."""

    site: SiteBase
    provider: Provider
    node_image: pulumi.Input[str]
    balancer_image: pulumi.Input[str]
    egress: pulumi.Input[Sequence[str]]
    """CIDR ranges that the site's own connections come from."""
    peers_entry: Entry
    balancer_entry: Entry | None = None
    """``None``: clients reach the balancer as the settings say."""
    storage: pulumi.Input[Mapping[str, Any]] | None = None
    """Definition of an encrypted storage class; ``None`` uses one that is there."""
    kubeconfig: pulumi.Output[str] | None = None
    """Of a cluster that the stack makes."""
    machines: Tolerations | None = None
    """Of machines that carry pool labels; ``None``: they carry none."""
    scaling: Scaling | None = None
    """``None`` where the cloud, or whoever runs the cluster, sees to it."""
    edge: bool = False
    """Whether a cloud's own balancer stands before it."""
    address: pulumi.Input[str] = ""
    """Where that is; empty without one."""
    address_kind: contracts.RecordKind = "A"


def of(
    stack: Settings,
    site: Site,
    zone: contracts.Dns | None,
    providers: Mapping[str, pulumi.ProviderResource],
) -> ClusterTarget:
    """Return the target of a site. ``zone`` takes the records that prove a certificate; cloud sites have providers."""
    if isinstance(site, ClusterSite):
        return _existing(stack, site)
    return _managed(stack, site, zone, providers[site.name])


def _existing(stack: Settings, site: ClusterSite) -> ClusterTarget:
    provider = _provider(site, kubeconfig=stack.kubeconfig or None, context=site.context)
    annotations: Mapping[str, str] = {}
    if site.address_pool:
        arguments = AddressPoolArgs(site=site.name, addresses=site.address_pool)
        AddressPool(f"{site.name}-addresses", arguments, pulumi.ResourceOptions(provider=provider))
        annotations = address_pool.ANNOTATIONS
    node_image, balancer_image = loading.required_images(stack)
    exposed = stack.balancer.exposure.type == "LoadBalancer" and annotations
    return ClusterTarget(
        site=site,
        provider=provider,
        node_image=node_image,
        balancer_image=balancer_image,
        egress=site.egress,
        peers_entry=Entry(type="LoadBalancer", annotations=annotations),
        balancer_entry=Entry(type="LoadBalancer", annotations=annotations) if exposed else None,
    )


def _managed(
    stack: Settings, site: ManagedSite, zone: contracts.Dns | None, provider: pulumi.ProviderResource
) -> ClusterTarget:
    cloud = CLOUDS[site.cloud].module("site")
    arguments = cloud.SiteArgs(
        context=contracts.site_context(stack, site),
        contacts=stack.contacts,
        repository=stack.images.repository,
        dns=zone,
        hosts=hostnames.of_clients(stack, site),
        allow_from=stack.allow_from,
    )
    made: contracts.Site = cloud.Site(site.name, arguments, pulumi.ResourceOptions(providers=[provider]))
    node_image, balancer_image = _images(stack, site, made)
    return ClusterTarget(
        site=site,
        provider=_provider(site, kubeconfig=made.kubeconfig, identity=made.identity, needs=made.foundation),
        node_image=node_image,
        balancer_image=balancer_image,
        egress=made.egress.apply(lambda addresses: [f"{address}/32" for address in addresses]),
        peers_entry=made.peers_entry,
        balancer_entry=made.balancer_entry if arguments.allow_from else None,
        storage=made.storage_class,
        kubeconfig=pulumi.Output.secret(made.kubeconfig),
        machines=made.tolerations,
        scaling=_scaling(stack, site, made),
        edge=bool(arguments.allow_from),
        address=made.address,
        address_kind=made.address_kind,
    )


def _scaling(stack: Settings, site: ManagedSite, made: contracts.Site) -> Scaling | None:
    if made.scaler is None:
        return None
    return Scaling(
        image=node_autoscaler.image(stack.images.autoscaler, site.cluster.version),
        scaler=made.scaler,
        identity=made.pod_identity,
        annotations=made.annotations.apply(lambda known: known["autoscaler"]),
    )


def _images(stack: Settings, site: ManagedSite, made: contracts.Site) -> tuple[pulumi.Input[str], pulumi.Input[str]]:
    """Those that the settings name; what they do not name is built and pushed to the site's own registry."""
    named = stack.images
    if named.node is not None and named.balancer is not None:
        return named.node, named.balancer
    from infra.images import Images, ImagesArgs

    arguments = ImagesArgs(repository=made.repository, tag=named.tag, base=named.base)
    built = Images(f"{site.name}-images", arguments)
    return named.node or built.node, named.balancer or built.balancer


def _provider(
    site: SiteBase,
    *,
    kubeconfig: pulumi.Input[str] | None,
    context: str | None = None,
    identity: pulumi.Input[str] | None = None,
    needs: Sequence[pulumi.Resource] = (),
) -> Provider:
    return Provider(
        site.name,
        kubeconfig=kubeconfig,
        context=context,
        cluster_identifier=identity,
        # Changed keys and settings are read by pods through hashes in their templates; replacing the objects would
        # take them away from running pods.
        enable_config_map_mutable=True,
        enable_secret_mutable=True,
        # Not through the kubeconfig: it would not be known whenever a machine pool is replaced.
        opts=pulumi.ResourceOptions(depends_on=list(needs)),
    )
