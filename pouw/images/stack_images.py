"""The images of a stack: which are built here and loaded into clusters of this machine; whether named ones exist."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from infra.faults import Fault
from infra.settings.site import Site
from infra.settings.stack import Settings
from pouw import images
from pouw.cluster.condition import State, status
from pouw.images import containerd as cluster_images
from pouw.images import registry
from pouw.images.registry import Look, Verdict
from pouw.progress import Progress

_KIND_PREFIX = "kind-"
_WRONG = {
    Verdict.MISSING: "the registry has no such image",
    Verdict.CLOSED: "the registry gives it to nobody without credentials, if it has it",
    Verdict.UNREACHABLE: "the registry cannot be reached",
}


def kind_cluster(site: Site) -> str:
    """The name of a cluster that the user made with kind, which names its contexts after it; empty for any other."""
    context = site.context or ""
    return context.removeprefix(_KIND_PREFIX) if context.startswith(_KIND_PREFIX) else ""


def built_here(settings: Settings) -> Sequence[str]:
    """Kinds of images that are built: those that the stack does not name, if a cluster of this machine runs them."""
    if not any(site.embedded or kind_cluster(site) for site in settings.sites):
        return ()
    return [kind for kind in images.KINDS if getattr(settings.images, kind) is None]


def references(settings: Settings) -> Mapping[str, str]:
    """What the images that are built here are called, by kind. Builds nothing."""
    return {kind: images.reference(kind, base=settings.images.base) for kind in built_here(settings)}


def build(settings: Settings, progress: Progress) -> Sequence[images.Image]:
    """Build what is built here.

    Raises:
        ImageError: see :func:`pouw.images.build`.
    """
    return [images.build(progress, kind=kind, base=settings.images.base) for kind in built_here(settings)]


def load(settings: Settings, images: Sequence[images.Image], progress: Progress) -> None:
    """Load images into the clusters on this machine.

    Raises:
        ClusterError: one does not take them.
    """
    for site in settings.sites:
        for one in images:
            if site.embedded:
                cluster_images.load(one.archive, one.reference, progress)
            elif name := kind_cluster(site):
                cluster_images.load_kind(one.archive, name)


def faults(
    settings: Settings,
    *,
    look: Callable[[str], Look] = registry.look,
    runs: Callable[[str], bool] = cluster_images.present,
) -> Iterator[Fault]:
    """What is wrong with the images, as far as it can be told before anything is changed.

    An image that the embedded cluster ``runs`` already is fine, whatever its registry says.
    """
    yield from _unnamed(settings)
    if built_here(settings):
        for site in settings.sites:
            if kind_cluster(site) and shutil.which("kind") is None:
                yield Fault(
                    path=f"pouw:sites[{site.name}].context",
                    message="images are loaded into this cluster by kind, which is not on PATH",
                    got=str(site.context),
                    expected="the program kind",
                    remedy="install kind, or name images of a registry under pouw:images",
                )
    named = {kind: one for kind in images.KINDS if (one := getattr(settings.images, kind))}
    if settings.embedded and named:
        named = {kind: one for kind, one in named.items() if not runs(one)}
    with ThreadPoolExecutor(len(images.KINDS)) as workers:
        looks = dict(zip(named, workers.map(look, named.values()), strict=True))
    for kind, found in looks.items():
        if found.verdict in _told(settings):
            yield _fault(kind, named[kind], found, embedded=settings.embedded)


def _unnamed(settings: Settings) -> Iterator[Fault]:
    """A cluster elsewhere cannot run what is built here."""
    elsewhere = [
        site.name
        for site in settings.sites
        if site.cloud == "kubernetes" and not site.embedded and not kind_cluster(site)
    ]
    missing = [kind for kind in images.KINDS if getattr(settings.images, kind) is None]
    if elsewhere and missing:
        yield Fault(
            path="pouw:images",
            message=f"must be named for the site {elsewhere[0]}, whose cluster is not on this machine",
            got="no " + ", no ".join(missing),
            expected="an image with a tag or digest for each of " + ", ".join(images.KINDS),
            remedy="push them to a registry that the cluster reaches: `pouw image build` makes them",
        )


def _told(settings: Settings) -> frozenset[Verdict]:
    """Which verdicts are certain to keep the stack from running.

    The embedded cluster pulls from this machine and has no credentials. Of any other cluster neither is known; nor what
    a stopped one holds.
    """
    if settings.embedded and status().state is not State.PARTIAL:
        return frozenset(_WRONG)
    return frozenset({Verdict.MISSING})


def _fault(kind: str, reference: str, found: Look, *, embedded: bool) -> Fault:
    otherwise = "; without it in the stack's file, one is built here" if embedded else ""
    return Fault(
        path=f"pouw:images.{kind}",
        message=_WRONG[found.verdict],
        got=f"{reference} ({found.host}: {found.said})",
        expected="an image that can be pulled",
        remedy=f"correct the name, or push the image{otherwise}",
    )
