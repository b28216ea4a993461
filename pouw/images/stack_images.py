"""The images of a stack: which ones are built here, their way into clusters of this machine, and their faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from infra.faults import Fault
from infra.kubernetes.settings import ClusterSite
from infra.settings.stack import Settings, Site
from pouw.home import Home
from pouw.images import build_inputs, builder, kind_cluster, registry
from pouw.images.builder import Image
from pouw.images.containerd import ContainerdStore
from pouw.images.kinds import Kind
from pouw.images.registry import Look, Verdict
from pouw.progress import Progress

_KIND_PREFIX = "kind-"
_MESSAGES = {
    Verdict.MISSING: "the registry has no such image",
    Verdict.CLOSED: "the registry shows the image only to clients with credentials, if it has it",
    Verdict.UNREACHABLE: "the registry cannot be reached",
}
Holds = Callable[[str], bool | None]
"""True if the embedded cluster holds an image, False if it does not, None if it is stopped and so cannot be asked."""


def kind_name(site: Site) -> str:
    """Return the name of the kind cluster that the site's context belongs to; empty for any other cluster."""
    context = site.context or "" if isinstance(site, ClusterSite) else ""
    return context.removeprefix(_KIND_PREFIX) if context.startswith(_KIND_PREFIX) else ""


def built_here(settings: Settings) -> Sequence[Kind]:
    """Return the kinds of images that are built: those that a stack on a cluster of this machine does not name."""
    if not any(site.embedded or kind_name(site) for site in settings.sites):
        return ()
    return [kind for kind in Kind if _name(settings, kind) is None]


def references(settings: Settings) -> Mapping[str, str]:
    """Return the references of the images that are built here, by setting key. Builds nothing."""
    return {kind.value: build_inputs.reference(kind, base=settings.images.base) for kind in built_here(settings)}


def build(settings: Settings, progress: Progress, *, home: Home) -> Sequence[Image]:
    """Build the images that are built here.

    Raises:
        ImageError, ToolchainError: see :func:`pouw.images.build`.
    """
    return [builder.build(progress, home=home, kind=kind, base=settings.images.base) for kind in built_here(settings)]


def load(
    settings: Settings, images: Sequence[Image], progress: Progress, *, store: ContainerdStore, home: Home
) -> None:
    """Load images into the clusters of this machine. ``store`` is the embedded cluster's.

    Raises:
        ClusterError: a cluster refuses one.
    """
    for site in settings.sites:
        for image in images:
            if site.embedded:
                store.load(image.archive, image.reference, progress)
            elif name := kind_name(site):
                kind_cluster.load(image.archive, name, home=home)


def faults(
    settings: Settings, *, holds: Holds, home: Home, look: Callable[[str], Look] = registry.look
) -> Iterator[Fault]:
    """Yield the faults of a stack's images that can be found before anything is changed.

    An image that the embedded cluster holds is not looked up in its registry.
    """
    yield from _missing_names(settings)
    yield from _missing_kind(settings, home)
    names = {kind: name for kind in Kind if (name := _name(settings, kind))}
    is_held = {kind: holds(name) if settings.embedded else None for kind, name in names.items()}
    absent = [kind for kind in names if not is_held[kind]]
    with ThreadPoolExecutor(len(Kind)) as workers:
        looks = workers.map(look, [names[kind] for kind in absent])
    for kind, result in zip(absent, looks, strict=True):
        if result.verdict in _conclusive(is_held[kind]):
            yield _fault(kind, names[kind], result, embedded=settings.embedded)


def _name(settings: Settings, kind: Kind) -> str | None:
    """Return the reference that the stack's file gives an image; None if it gives none."""
    name: str | None = getattr(settings.images, kind)
    return name


def _missing_names(settings: Settings) -> Iterator[Fault]:
    """Yield the fault of a cluster on another machine, which cannot run images that are built here."""
    remote = [
        site.name
        for site in settings.sites
        if isinstance(site, ClusterSite) and not site.embedded and not kind_name(site)
    ]
    missing = [kind for kind in Kind if _name(settings, kind) is None]
    if remote and missing:
        yield Fault(
            path="pouw:images",
            message=f"must be named for the site {remote[0]}, whose cluster is not on this machine",
            got="no " + ", no ".join(missing),
            expected="an image with a tag or digest for each of " + ", ".join(Kind),
            remedy="build them with `pouw image build`, and push them to a registry that the cluster reaches",
        )


def _missing_kind(settings: Settings, home: Home) -> Iterator[Fault]:
    """Yield the faults of kind clusters for which images are built, if the program that loads them is missing."""
    if not built_here(settings) or kind_cluster.program(home) is not None:
        return
    for site in settings.sites:
        if kind_name(site):
            yield Fault(
                path=f"pouw:sites[{site.name}].context",
                message="images are loaded into this cluster by kind, which is not on PATH",
                got=_KIND_PREFIX + kind_name(site),
                expected="the program kind",
                remedy="install kind, or name images of a registry under pouw:images",
            )


def _conclusive(is_held: bool | None) -> frozenset[Verdict]:
    """Return the verdicts that certainly keep a cluster from running an image.

    The embedded cluster pulls from this machine, without credentials. A stopped one may hold the image, and another
    cluster may have credentials or another way to the registry.
    """
    return frozenset({Verdict.MISSING}) if is_held is None else frozenset(_MESSAGES)


def _fault(kind: Kind, reference: str, result: Look, *, embedded: bool) -> Fault:
    alternative = "; or remove the name from the stack's file, and the image is built here" if embedded else ""
    return Fault(
        path=f"pouw:images.{kind}",
        message=_MESSAGES[result.verdict],
        got=f"{reference} ({result.host}: {result.answer})",
        expected="an image that can be pulled",
        remedy=f"correct the name, or push the image{alternative}",
    )
