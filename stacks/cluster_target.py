"""The target of a site's workloads: an existing cluster, or one that a cloud manages for the stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.provider import Provider

from infra import contracts
from infra.clouds import CLOUDS
from infra.contracts import Entry
from infra.kubernetes import address_pool
from infra.kubernetes.address_pool import AddressPool, AddressPoolArgs
from infra.kubernetes.settings import ClusterSite
from infra.settings import loader
from infra.settings.site import ManagedSite, SiteBase
from infra.settings.stack import Settings, Site
from infra.workload import Tolerations
from stacks import hostnames


@dataclass(frozen=True, kw_only=True)
class ClusterTarget:
    """A site with its cluster."""

    site: SiteBase
    provider: Provider
    node_image: pulumi.Input[str]
    balancer_image: pulumi.Input[str]
    egress: pulumi.Input[Sequence[str]]
    """CIDR ranges of the site's outgoing connections."""
    peers_entry: Entry
    balancer_entry: Entry | None
    """``None``: clients reach the balancer as the settings say."""
    cloud: contracts.Site | None = None
    """The cloud's components around the cluster; ``None`` for an existing cluster."""

    @property
    def tolerations(self) -> Tolerations | None:
        """Tolerations by node pool; ``None`` if machines have no pool labels."""
        return self.cloud.machines.tolerations if self.cloud else None

    @property
    def edge(self) -> contracts.EdgeAddress | None:
        """The cloud's edge in front of the balancer."""
        return self.cloud.edge if self.cloud else None


def of(stack: Settings, site: Site, providers: Mapping[str, pulumi.ProviderResource]) -> ClusterTarget:
    """Return the target of a site; ``providers`` are those of the cloud sites, by the site's name."""
    if isinstance(site, ClusterSite):
        return _existing(stack, site)
    return _managed(stack, site, providers[site.name])


def _existing(stack: Settings, site: ClusterSite) -> ClusterTarget:
    provider = _provider(site, kubeconfig=stack.kubeconfig or None, context=site.context)
    annotations: Mapping[str, str] = {}
    if site.address_pool:
        arguments = AddressPoolArgs(site=site.name, addresses=site.address_pool)
        AddressPool(f"{site.name}-addresses", arguments, pulumi.ResourceOptions(provider=provider))
        annotations = address_pool.ANNOTATIONS
    node_image, balancer_image = loader.required_images(stack)
    uses_pool = stack.balancer.exposure.type == "LoadBalancer" and annotations
    return ClusterTarget(
        site=site,
        provider=provider,
        node_image=node_image,
        balancer_image=balancer_image,
        egress=site.egress,
        peers_entry=Entry(type="LoadBalancer", annotations=annotations),
        balancer_entry=Entry(type="LoadBalancer", annotations=annotations) if uses_pool else None,
    )


def _managed(stack: Settings, site: ManagedSite, provider: pulumi.ProviderResource) -> ClusterTarget:
    module = CLOUDS[site.cloud].module("site")
    arguments = module.SiteArgs(
        context=contracts.site_context(stack, site),
        contacts=stack.contacts,
        repository=stack.images.repository,
        hosts=hostnames.of_clients(stack, site),
        allow_from=stack.allow_from,
    )
    cloud: contracts.Site = module.Site(site.name, arguments, pulumi.ResourceOptions(providers=[provider]))
    access, connectivity = cloud.access, cloud.connectivity
    node_image, balancer_image = _images(stack, site, cloud.repository)
    return ClusterTarget(
        site=site,
        provider=_provider(site, kubeconfig=access.kubeconfig, identity=access.identity, depends_on=access.foundation),
        node_image=node_image,
        balancer_image=balancer_image,
        egress=connectivity.egress.apply(lambda addresses: [f"{address}/32" for address in addresses]),
        peers_entry=connectivity.peers_entry,
        balancer_entry=connectivity.balancer_entry if cloud.edge else None,
        cloud=cloud,
    )


def _images(
    stack: Settings, site: ManagedSite, repository: pulumi.Input[str]
) -> tuple[pulumi.Input[str], pulumi.Input[str]]:
    """Return the images of node and balancer: those in the settings, else built and pushed to the site's registry."""
    settings = stack.images
    if settings.node is not None and settings.balancer is not None:
        return settings.node, settings.balancer
    from infra.images import Images, ImagesArgs

    images = Images(f"{site.name}-images", ImagesArgs(repository=repository, tag=settings.tag, base=settings.base))
    return settings.node or images.node, settings.balancer or images.balancer


def _provider(
    site: SiteBase,
    *,
    kubeconfig: pulumi.Input[str] | None,
    context: str | None = None,
    identity: pulumi.Input[str] | None = None,
    depends_on: Sequence[pulumi.Resource] = (),
) -> Provider:
    return Provider(
        site.name,
        kubeconfig=kubeconfig,
        context=context,
        cluster_identifier=identity,
        # Pods learn of changed keys and settings through hashes in their templates; replaced objects would be missing
        # from running pods for a while.
        enable_config_map_mutable=True,
        enable_secret_mutable=True,
        # The dependency is not in the kubeconfig, which would be unknown whenever a node pool is replaced.
        opts=pulumi.ResourceOptions(depends_on=list(depends_on)),
    )
