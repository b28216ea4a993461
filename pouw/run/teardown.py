"""Runs that do not execute the program, so no gate applies: the refresh and the teardown of a stack."""

from __future__ import annotations

from pathlib import Path

from pouw.engine import operation, resolution, stack_removal
from pouw.engine.operation import Operation, Request
from pouw.evidence.store import EvidenceStore
from pouw.home import Home
from pouw.network.sites import remove_kubeconfigs
from pouw.progress import Progress
from pouw.run import accounts, extra_configuration, key_seeds, previews, stacks
from pouw.run.result import Result


def refresh(stack: str, progress: Progress, *, home: Home) -> Result:
    """Update the state of a stack from its real resources.

    Raises:
        PouwError: the engine cannot be started, or the credentials are for another account.
    """
    return _run(Operation.REFRESH, stack, progress, home=home)


def down(
    stack: str, progress: Progress, *, home: Home, keep_cluster: bool = False, unprotect: bool = False
) -> Result | None:
    """Destroy a stack, and remove its state from this machine.

    A stack of embedded sites only is removed together with its cluster, without an engine; then the result is None.

    Raises:
        PouwError: the engine cannot be started, or the credentials are for another account.
    """
    from pouw import cluster

    settings = stacks.settings(stack)
    if all(site.embedded for site in settings.sites) and not keep_cluster:
        cluster.down(cluster.Layout.of_home(home), progress)
        _remove_state(stack, progress, home)
        return None
    result = _run(Operation.DESTROY, stack, progress, home=home, unprotect=unprotect)
    if result.ok:
        _remove_state(stack, progress, home)
    return result


def _run(kind: Operation, stack: str, progress: Progress, *, home: Home, unprotect: bool = False) -> Result:
    """Run an operation with the configuration of the last run."""
    settings = previews.checked_settings(stack)
    accounts.require(stack, settings, home=home)
    engine = resolution.resolve(progress, home=home)
    extra = extra_configuration.for_providers(settings, home)
    request = Request(operation=kind, stack=stack, extra_config=extra, unprotect=unprotect)
    return Result(operation=kind, outcome=operation.run(request, engine, progress, home=home))


def _remove_state(stack: str, progress: Progress, home: Home) -> None:
    """Remove everything that the state folder holds of a stack, and the folder itself once it is empty."""
    with progress.step(f"Removing the state of {stack}") as step:
        step.update(str(home.state))
        stack_removal.forget(stack, home=home)
        key_seeds.remove(stack, home)
        settings = stacks.settings(stack)
        remove_kubeconfigs(settings, home)
        if settings.environment == "local":
            EvidenceStore.of_home(home).remove(stack)
        for folder in (key_seeds.path(stack, home).parent, home.state):
            _remove_if_empty(folder)


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
