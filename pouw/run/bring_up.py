"""The bring-up of a stack: its requirements side by side, the engine's run, and the agreement of its nodes."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from infra.settings.stack import Settings
from pouw.engine import operation, resolution
from pouw.engine.operation import Operation, Request
from pouw.engine.resolution import Engine
from pouw.errors import ExitCode, PouwError
from pouw.gate import stack_policy
from pouw.home import Home
from pouw.images import stack_images
from pouw.network import agreement, endpoints
from pouw.network.agreement import LiveNetwork
from pouw.network.nodes import Connections
from pouw.network.sites import save_kubeconfigs
from pouw.progress import Progress
from pouw.run import accounts, extra_configuration, key_seeds, preconditions, previews
from pouw.run.admission import Admission
from pouw.run.result import Result

AGREEMENT_SECONDS = 180.0


class PreconditionError(PouwError):
    """This machine, or a cluster that the stack names, does not meet a precondition; nothing was changed."""

    code = ExitCode.CLUSTER


def up(stack: str, progress: Progress, *, home: Home) -> Result:
    """Bring a stack up: the embedded cluster and images where it needs them, the engine, then the agreement.

    A run that was killed is continued by the next one.

    Raises:
        PouwError: a requirement is missing, or the network does not agree in time.
    """
    settings = previews.checked_settings(stack)
    key_seeds.require(stack, settings)
    accounts.require(stack, settings, home=home)
    if faults := preconditions.faults(settings, home=home):
        raise PreconditionError(*faults)
    engine, references = _prepare(settings, progress, home)
    with Connections(settings, home) as connections:
        network = LiveNetwork(settings, connections)
        height_before = agreement.height_before(network)
        extra = extra_configuration.for_program(stack, settings, references, home=home)
        admission = Admission(
            settings=settings,
            policy=stack_policy.load(stack, settings),
            engine=engine,
            home=home,
            progress=progress,
        )
        result = admission.up(Request(operation=Operation.UP, stack=stack, extra_config=extra))
        if not result.ok:
            return result
        if any(site.managed for site in settings.sites):
            save_kubeconfigs(settings, operation.outputs(stack, engine, secrets=True, home=home), home)
        # If nothing was changed, an agreement on the block from before the run is enough.
        above = height_before if result.outcome.changes.total else height_before - 1
        return _with_agreement(result, settings, network, connections, progress, above=above)


def _with_agreement(
    result: Result,
    settings: Settings,
    network: LiveNetwork,
    connections: Connections,
    progress: Progress,
    *,
    above: int,
) -> Result:
    """Wait for a block above a height that all nodes agree on, and for an address that answers."""
    expected = settings.nodes.total * len(settings.sites)
    with progress.step("Waiting for the nodes to agree on a block") as step:
        block = agreement.wait(network, expected=expected, above=above, deadline_seconds=AGREEMENT_SECONDS, step=step)
        site = next(site for site in settings.sites if site.role == "active")
        addresses = endpoints.of_site(site, connections)
        if site.embedded and addresses.rpc:
            step.update(f"waiting for {addresses.rpc}")
            endpoints.wait(addresses.rpc, deadline_seconds=AGREEMENT_SECONDS)
    return replace(result, agreement=block, endpoints=addresses)


def _prepare(settings: Settings, progress: Progress, home: Home) -> tuple[Engine, Mapping[str, str]]:
    """Prepare engine, cluster and images side by side; return the engine and the references of the images by kind.

    The three wait on different resources: the processor, the network and the disk.
    """
    from pouw import cluster
    from pouw.cluster.image_store import image_store
    from pouw.cluster.layout import Layout

    layout = Layout.of_home(home)
    with ThreadPoolExecutor(3) as workers:
        engine = workers.submit(resolution.resolve, progress, home=home)
        cluster_start = workers.submit(cluster.up, layout, progress, home=home) if settings.embedded else None
        images = workers.submit(stack_images.build, settings, progress, home=home).result()
        if cluster_start:
            cluster_start.result()
        stack_images.load(settings, images, progress, store=image_store(layout, home=home), home=home)
        return engine.result(), {image.kind.value: image.reference for image in images}
