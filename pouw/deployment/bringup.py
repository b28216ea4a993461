"""Bringing a stack up: what it needs made ready side by side, the engine's run, the wait until its network works."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from infra.settings import NAMESPACE, Settings
from pouw import image, stacks
from pouw.deployment import agreement, images, preflight
from pouw.deployment.access import Connections, embedded_kubeconfig
from pouw.deployment.agreement import Agreement, LiveNetwork
from pouw.engine import operation, resolution
from pouw.engine.forgetting import forget
from pouw.engine.operation import Operation, Request
from pouw.engine.outcome import Outcome
from pouw.engine.resolution import Engine
from pouw.engine.stackconfig import ExtraConfig
from pouw.errors import ExitCode, PouwError
from pouw.paths import state_dir
from pouw.progress import Progress

AGREEMENT_SECONDS = 180.0


class PreflightError(PouwError):
    """Something on this machine or in a named cluster is in the way; nothing was changed."""

    code = ExitCode.CLUSTER


@dataclass(frozen=True, kw_only=True)
class Result:
    """What bringing a stack up came to. ``agreement`` is missing where the engine's run failed."""

    settings: Settings
    outcome: Outcome
    agreement: Agreement | None


def up(stack: str, progress: Progress) -> Result:
    """Bring a stack up: cluster and images where they are ours, then the engine, then agreement.

    Raises:
        PouwError: something it needs is not to be had; nothing half-done is left that a next call would not continue.
    """
    settings = stacks.settings(stack)
    if found := preflight.faults(settings):
        raise PreflightError(*found)
    engine, references = _prepare(settings, progress)
    with Connections(settings) as connections:
        network = LiveNetwork(settings, connections)
        before = agreement.height_before(network)
        request = Request(operation=Operation.UP, stack=stack, extra_config=extra_config(stack, settings, references))
        outcome = operation.run(request, engine, progress)
        if not outcome.ok:
            return Result(settings=settings, outcome=outcome, agreement=None)
        expected = settings.nodes.total * len(settings.sites)
        with progress.step("Waiting for the nodes to agree on a new block") as step:
            agreed = agreement.wait(
                network, expected=expected, above=before, deadline_seconds=AGREEMENT_SECONDS, step=step
            )
    return Result(settings=settings, outcome=outcome, agreement=agreed)


def preview(stack: str, progress: Progress) -> Outcome:
    """Show what ``up`` would change. Starts nothing and builds nothing but the engine itself."""
    settings = stacks.settings(stack)
    engine = resolution.resolve(progress)
    extra = extra_config(stack, settings, images.references(settings))
    request = Request(operation=Operation.PREVIEW, stack=stack, extra_config=extra)
    return operation.run(request, engine, progress)


def run_plain(chosen: Operation, stack: str, progress: Progress) -> Outcome:
    """Refresh or destroy through the engine, with the configuration of the last run."""
    settings = stacks.settings(stack)
    engine = resolution.resolve(progress)
    return operation.run(Request(operation=chosen, stack=stack, extra_config=_access(settings)), engine, progress)


def extra_config(stack: str, settings: Settings, references: Mapping[str, str]) -> ExtraConfig:
    """What the repository's file does not say: images built here, the embedded cluster's kubeconfig, the key seed."""
    extra = dict(_access(settings))
    if references:
        own = settings.images.model_dump(by_alias=True, exclude_none=True)
        extra[f"{NAMESPACE}:images"] = ({**own, **references}, False)
    elif any(site.managed for site in settings.sites) and settings.images.tag is None:
        own = settings.images.model_dump(by_alias=True, exclude_none=True)
        extra[f"{NAMESPACE}:images"] = ({**own, "tag": image.content_tag(settings.images.base)}, False)
    if "nodeKeySeed" not in stacks.values(stack):
        extra[f"{NAMESPACE}:nodeKeySeed"] = (_key_seed(stack), True)
    return extra


def _access(settings: Settings) -> ExtraConfig:
    if settings.embedded and not settings.kubeconfig:
        return {f"{NAMESPACE}:kubeconfig": (str(embedded_kubeconfig()), False)}
    return {}


def _key_seed(stack: str) -> str:
    """The seed of a stack whose file has none: made once, kept in the state directory."""
    path = state_dir() / "keys" / f"{stack}.seed"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = path.with_suffix(".partial")
        partial.touch(mode=0o600)
        partial.write_text(secrets.token_hex(32))
        partial.replace(path)
    return path.read_text()


def _prepare(settings: Settings, progress: Progress) -> tuple[Engine, Mapping[str, str]]:
    """Engine, cluster and images, side by side: compilers, downloads and package installs wait on different things."""
    from pouw import cluster

    with ThreadPoolExecutor(3) as workers:
        engine = workers.submit(resolution.resolve, progress)
        running = workers.submit(cluster.up, progress) if settings.embedded else None
        built = workers.submit(images.build, settings, progress).result()
        if running:
            running.result()
        images.load(settings, built, progress)
        return engine.result(), {one.kind: one.reference for one in built}


def down(stack: str, progress: Progress, *, keep_cluster: bool = False) -> Outcome | None:
    """Take a stack away: one of embedded sites alone goes with its cluster, any other is destroyed by the engine."""
    from pouw import cluster

    settings = stacks.settings(stack)
    whole = all(site.embedded for site in settings.sites) and not keep_cluster
    if whole:
        cluster.down(progress)
        _forget(stack, progress)
        return None
    outcome = run_plain(Operation.DESTROY, stack, progress)
    if outcome.ok:
        _forget(stack, progress)
    return outcome


def _forget(stack: str, progress: Progress) -> None:
    """Remove what the state directory holds of a stack, and the directory itself once it is empty."""
    with progress.step(f"Removing the state of {stack}") as step:
        step.update(str(state_dir()))
        forget(stack)
        seed = state_dir() / "keys" / f"{stack}.seed"
        seed.unlink(missing_ok=True)
        for folder in (seed.parent, state_dir()):
            _remove_if_empty(folder)


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
