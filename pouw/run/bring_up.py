"""Bringing a stack up: what it needs made ready side by side, the engine's run, the wait until its network works."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from infra.faults import Fault
from infra.settings.stack import NAMESPACE, Settings
from pouw import images
from pouw.engine import operation, preview_copy, resolution
from pouw.engine.operation import Operation, Request
from pouw.engine.outcome import Outcome
from pouw.engine.process import Halt
from pouw.engine.project import Project
from pouw.engine.resolution import Engine
from pouw.engine.stack_configuration import ExtraConfig
from pouw.engine.stack_removal import forget
from pouw.errors import ConfigurationError, EngineError, ExitCode, PouwError
from pouw.evidence import store as evidence
from pouw.gate import admission
from pouw.gate.evaluation import gate_of
from pouw.home import Home
from pouw.images import stack_images
from pouw.network import agreement, endpoints
from pouw.network.agreement import Agreement, LiveNetwork
from pouw.network.endpoints import Endpoints
from pouw.network.nodes import Connections
from pouw.network.sites import embedded_kubeconfig, save_kubeconfigs
from pouw.paths import state_dir
from pouw.progress import Progress
from pouw.run import accounts, costs, preconditions, sdks, stacks
from pouw.run.accounts import AccountError

AGREEMENT_SECONDS = 180.0


class PreflightError(PouwError):
    """Something on this machine or in a named cluster is in the way; nothing was changed."""

    code = ExitCode.CLUSTER


@dataclass(frozen=True, kw_only=True)
class Result:
    """What bringing a stack up came to. There is no agreement and no address where the engine's run failed."""

    settings: Settings
    outcome: Outcome
    agreement: Agreement | None = None
    endpoints: Endpoints = field(default_factory=Endpoints)


def up(stack: str, progress: Progress) -> Result:
    """Bring a stack up: cluster and images where they are ours, then the engine, then agreement.

    Raises:
        PouwError: something it needs is not to be had; nothing half-done is left that a next call would not continue.
    """
    settings = ready_to_preview(stack, Project())
    _require_seed(stack, settings)
    _guard(stack, settings)
    if found := preconditions.faults(settings):
        raise PreflightError(*found)
    engine, references = _prepare(settings, progress)
    home = Home.from_environment(os.environ)
    with Connections(settings, home) as connections:
        network = LiveNetwork(settings, connections)
        before = agreement.height_before(network)
        request = Request(operation=Operation.UP, stack=stack, extra_config=extra_config(stack, settings, references))
        allowed = partial(costs.within_budget, settings=settings)
        outcome = admission.up(request, gate_of(stack, settings), engine, progress, allowed=allowed)
        if not outcome.ok:
            return Result(settings=settings, outcome=outcome)
        if any(site.managed for site in settings.sites):
            save_kubeconfigs(settings, operation.outputs(stack, engine, secrets=True, home=home), home)
        expected = settings.nodes.total * len(settings.sites)
        # Where nothing was changed, the block that was there before shows as well as a new one that they agree.
        above = before if outcome.changes.total else before - 1
        with progress.step("Waiting for the nodes to agree on a block") as step:
            agreed = agreement.wait(
                network, expected=expected, above=above, deadline_seconds=AGREEMENT_SECONDS, step=step
            )
            site = next(site for site in settings.sites if site.role == "active")
            where = endpoints.of_site(site, connections)
            if site.embedded and where.rpc:
                step.update(f"waiting for {where.rpc}")
                endpoints.wait(where.rpc, deadline_seconds=AGREEMENT_SECONDS)
    return Result(settings=settings, outcome=outcome, agreement=agreed, endpoints=where)


def preview(
    stack: str,
    progress: Progress,
    *,
    project: Project | None = None,
    engine: Engine | None = None,
    halt: Halt | None = None,
) -> Outcome:
    """Show what ``up`` would change. Starts nothing, leaves its evidence alone, and builds nothing but the engine.

    ``project`` is this repository's, or that of its examples; ``halt`` interrupts it outside the main thread.

    Raises:
        PouwError: the stack's configuration or what it needs on this machine is at fault.
    """
    project = project or Project()
    settings = ready_to_preview(stack, project)
    engine = engine or resolution.resolve(progress, home=Home.from_environment(os.environ))
    request = preview_request(stack, settings, project, halt=halt)
    outcome = admission.preview(request, gate_of(stack, settings), engine, progress, project=project)
    return costs.priced(outcome, settings)


def preview_request(stack: str, settings: Settings, project: Project, *, halt: Halt | None = None) -> Request:
    """What the engine is asked for a preview, before the gate adds its pack."""
    extra = extra_config(stack, settings, stack_images.references(settings), project=project, seed=_known_seed)
    return Request(operation=Operation.PREVIEW, stack=stack, extra_config=extra, halt=halt)


def ready_to_preview(stack: str, project: Project) -> Settings:
    """The stack's settings, once nothing of what can be known before an engine starts is in the way.

    Raises:
        PouwError: with all that is.
    """
    settings = stacks.settings(stack, project=project)
    if found := list(sdks.faults(settings)):
        raise EngineError(*found)
    return settings


def run_plain(chosen: Operation, stack: str, progress: Progress, *, unprotect: bool = False) -> Outcome:
    """Refresh or destroy through the engine, with the configuration of the last run."""
    settings = ready_to_preview(stack, Project())
    _guard(stack, settings)
    engine = resolution.resolve(progress, home=Home.from_environment(os.environ))
    request = Request(operation=chosen, stack=stack, extra_config=_access(settings), unprotect=unprotect)
    return operation.run(request, engine, progress, home=Home.from_environment(os.environ))


def _guard(stack: str, settings: Settings) -> None:
    """Nothing is changed in an account that is not the site's.

    Raises:
        AccountError: the credentials are for another, or nobody can tell.
    """
    if found := accounts.faults(settings, Project().stack_settings(stack).get("config") or {}):
        raise AccountError(*found)


def extra_config(
    stack: str,
    settings: Settings,
    references: Mapping[str, str],
    *,
    project: Project | None = None,
    seed: Callable[[str], str] | None = None,
) -> ExtraConfig:
    """What the repository's file does not say: images built here, the embedded cluster's kubeconfig, the key seed."""
    extra = dict(_access(settings))
    if references:
        own = settings.images.model_dump(by_alias=True, exclude_none=True)
        extra[f"{NAMESPACE}:images"] = ({**own, **references}, False)
    elif any(site.managed for site in settings.sites) and settings.images.tag is None:
        own = settings.images.model_dump(by_alias=True, exclude_none=True)
        extra[f"{NAMESPACE}:images"] = ({**own, "tag": images.content_tag(settings.images.base)}, False)
    if "nodeKeySeed" not in stacks.values(stack, project or Project()):
        extra[f"{NAMESPACE}:nodeKeySeed"] = ((seed or _key_seed)(stack), True)
    return extra


def _access(settings: Settings) -> ExtraConfig:
    if settings.embedded and not settings.kubeconfig:
        return {f"{NAMESPACE}:kubeconfig": (str(embedded_kubeconfig(Home.from_environment(os.environ))), False)}
    return {}


def _require_seed(stack: str, settings: Settings) -> None:
    """A stack that others operate too has its seed in its file: made here, each machine would give nodes other keys.

    Raises:
        ConfigurationError: it has none.
    """
    if settings.environment != "local" and "nodeKeySeed" not in stacks.values(stack):
        raise ConfigurationError(
            Fault(
                path=f"{NAMESPACE}:nodeKeySeed",
                message="is missing",
                got="nothing",
                expected=f"a secret in Pulumi.{stack}.yaml, from which the nodes' keys are derived",
                remedy=f"openssl rand -hex 32 | pulumi config set --secret {NAMESPACE}:nodeKeySeed --stack {stack}",
            )
        )


def _seed_file(stack: str) -> Path:
    return state_dir() / "keys" / f"{stack}.seed"


def _known_seed(stack: str) -> str:
    """The seed that was made, or what stands for it in a preview before there is one."""
    path = _seed_file(stack)
    return path.read_text() if path.exists() else preview_copy.placeholder("nodeKeySeed")


def _key_seed(stack: str) -> str:
    """The seed of a stack whose file has none: made once, kept in the state directory."""
    path = _seed_file(stack)
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
    from pouw.cluster.image_store import image_store
    from pouw.cluster.layout import layout

    home = Home.from_environment(os.environ)
    with ThreadPoolExecutor(3) as workers:
        engine = workers.submit(resolution.resolve, progress, home=Home.from_environment(os.environ))
        running = workers.submit(cluster.up, progress) if settings.embedded else None
        built = workers.submit(stack_images.build, settings, progress, home=home).result()
        if running:
            running.result()
        stack_images.load(settings, built, progress, store=image_store(layout(), home=home), home=home)
        return engine.result(), {one.kind.value: one.reference for one in built}


def down(stack: str, progress: Progress, *, keep_cluster: bool = False, unprotect: bool = False) -> Outcome | None:
    """Take a stack away: one of embedded sites alone goes with its cluster, any other is destroyed by the engine."""
    from pouw import cluster

    settings = stacks.settings(stack)
    whole = all(site.embedded for site in settings.sites) and not keep_cluster
    if whole:
        cluster.down(progress)
        _forget(stack, progress)
        return None
    outcome = run_plain(Operation.DESTROY, stack, progress, unprotect=unprotect)
    if outcome.ok:
        _forget(stack, progress)
    return outcome


def _forget(stack: str, progress: Progress) -> None:
    """Remove what the state directory holds of a stack, and the directory itself once it is empty."""
    with progress.step(f"Removing the state of {stack}") as step:
        step.update(str(state_dir()))
        forget(stack, home=Home.from_environment(os.environ))
        seed = _seed_file(stack)
        seed.unlink(missing_ok=True)
        if stacks.settings(stack).environment == "local":
            evidence.forget(stack)
        for folder in (seed.parent, state_dir()):
            _remove_if_empty(folder)


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
