"""Kubeconfigs of cloud sites, kept from the stack's outputs: they call the cloud's own command for a short-lived token.

They hold no credential, yet lie below the state directory, readable by their owner alone.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.faults import Fault
from infra.settings.site import Site
from infra.settings.stack import Settings
from pouw.errors import ClusterError
from pouw.paths import state_dir
from pouw.progress import SilentProgress


def path(settings: Settings, site: Site) -> Path:
    """Where the kubeconfig of a cloud site is kept: one file a cluster, whatever stack names it."""
    identity = "/".join((settings.environment, site.cloud, site.account or "", site.region or "", site.name))
    return state_dir() / "kubeconfigs" / f"{site.name}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}.yaml"


def keep(settings: Settings, outputs: Mapping[str, Any]) -> None:
    """Keep what a run put out, secrets in plain text. A site without a kubeconfig in it is passed over."""
    told = {str(one.get("name")): one.get("kubeconfig") for one in outputs.get("sites", []) if isinstance(one, Mapping)}
    for site in settings.sites:
        text = told.get(site.name)
        if not site.managed or not isinstance(text, str):
            continue
        kept = path(settings, site)
        kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = kept.with_name(f".{kept.name}.{os.getpid()}")
        handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        made.replace(kept)


def ensure(stack: str, settings: Settings) -> None:
    """Fetch from the stack's outputs what is not here yet: another machine may have brought the stack up.

    Raises:
        ClusterError: the stack has no such output: it was never brought up.
    """
    missing = [site for site in settings.sites if site.managed and not path(settings, site).exists()]
    if not missing:
        return
    from pouw.engine import operation, resolution

    keep(settings, operation.outputs(stack, resolution.resolve(SilentProgress()), secrets=True))
    for site in missing:
        if not path(settings, site).exists():
            raise ClusterError(
                Fault(
                    path=f"pouw:sites[{site.name}]",
                    message="its cluster is not known",
                    got=f"no kubeconfig in the outputs of {stack}",
                    expected="a stack that was brought up",
                    remedy=f"run `pouw up {stack}`",
                )
            )


def forget(settings: Settings) -> None:
    """Remove what is kept of a stack's sites."""
    for site in settings.sites:
        path(settings, site).unlink(missing_ok=True)
    folder = state_dir() / "kubeconfigs"
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
