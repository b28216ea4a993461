"""Access to the clusters of a stack's sites: which kubeconfig and context each one has.

The kubeconfigs of cloud sites are copies of the stack's outputs below the state folder. They call the cloud's own
command for a short-lived token, so they hold no credential, yet only their owner can read them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.faults import Fault
from infra.kubernetes.settings import ClusterSite
from infra.settings.site import ManagedSite
from infra.settings.stack import Settings, Site
from pouw import files
from pouw.errors import ClusterError
from pouw.home import Home
from pouw.kube.policy import RequestPolicy

if TYPE_CHECKING:
    from pouw.kube.client import Client

POLICY = RequestPolicy(connect_seconds=5.0, answer_seconds=5.0)
"""Callers that wait for a site poll it, so a single attempt is made."""


@dataclass(frozen=True, kw_only=True)
class SiteAccess:
    """Credentials of one site: a kubeconfig file (None: the user's own) and a context (None: the current one)."""

    site: str
    kubeconfig: Path | None
    context: str | None
    environment: Mapping[str, str]

    def connect(self) -> Client:
        """Return a client of the site's cluster. The caller closes it.

        Raises:
            ClusterError: the kubeconfig cannot be read or has no such context.
        """
        from pouw.kube import credentials, kubeconfig
        from pouw.kube.client import Client
        from pouw.kube.errors import KubeconfigError

        paths = [self.kubeconfig] if self.kubeconfig else kubeconfig.default_paths(self.environment)
        try:
            loaded = kubeconfig.load(paths, context=self.context or "")
            return Client(credentials.from_kubeconfig(loaded, self.environment), policy=POLICY)
        except KubeconfigError as error:
            raise ClusterError(
                Fault(
                    path=f"pouw:sites[{self.site}]",
                    message="no access to the cluster",
                    got=error.message,
                    expected=f"a kubeconfig with the context {self.context or 'in use'}",
                    remedy="run `pouw up` for the embedded cluster, or correct the kubeconfig",
                )
            ) from error


def embedded_kubeconfig(home: Home) -> Path:
    """Return the path of the embedded cluster's kubeconfig."""
    return home.state / "cluster" / "kubeconfig"


def access(settings: Settings, site: Site, home: Home) -> SiteAccess:
    """Return the credentials of one site of a stack."""
    if site.embedded:
        path: Path | None = embedded_kubeconfig(home)
    elif isinstance(site, ManagedSite):
        path = kubeconfig_path(settings, site, home)
    else:
        path = Path(settings.kubeconfig).expanduser() if settings.kubeconfig else None
    context = site.context if isinstance(site, ClusterSite) else None
    return SiteAccess(site=site.name, kubeconfig=path, context=context, environment=home.environment)


def kubeconfig_path(settings: Settings, site: ManagedSite, home: Home) -> Path:
    """Return the path of a cloud site's kubeconfig: one file per cluster, for all stacks that have it."""
    identity = f"{settings.environment}/{site.cloud}/{site.account}/{site.region}/{site.name}"
    digest = hashlib.sha256(identity.encode()).hexdigest()[:8]
    return _folder(home) / f"{site.name}-{digest}.yaml"


def save_kubeconfigs(settings: Settings, outputs: Mapping[str, Any], home: Home) -> None:
    """Save the kubeconfigs in a stack's outputs, whose secrets are in plain text. Sites without one are skipped."""
    texts = {
        str(output.get("name")): output.get("kubeconfig")
        for output in outputs.get("sites", [])
        if isinstance(output, Mapping)
    }
    for site in settings.managed_sites:
        text = texts.get(site.name)
        if isinstance(text, str):
            files.write_private(kubeconfig_path(settings, site, home), text)


def ensure_kubeconfigs(
    stack: str, settings: Settings, home: Home, *, read_outputs: Callable[[], Mapping[str, Any]]
) -> None:
    """Save the kubeconfigs that are missing on this machine, because the stack was brought up on another one.

    The stack's outputs, with secrets in plain text, are read only if one is missing.

    Raises:
        ClusterError: the stack has no such output, because it was never brought up.
    """

    def missing() -> list[ManagedSite]:
        return [site for site in settings.managed_sites if not kubeconfig_path(settings, site, home).exists()]

    if not missing():
        return
    save_kubeconfigs(settings, read_outputs(), home)
    if sites := missing():
        raise ClusterError(
            *(
                Fault(
                    path=f"pouw:sites[{site.name}]",
                    message="the stack's outputs hold no kubeconfig of this site",
                    got=f"stack {stack}",
                    expected="a stack that was brought up",
                    remedy=f"run `pouw up {stack}`",
                )
                for site in sites
            )
        )


def remove_kubeconfigs(settings: Settings, home: Home) -> None:
    """Remove the saved kubeconfigs of a stack's sites."""
    for site in settings.managed_sites:
        kubeconfig_path(settings, site, home).unlink(missing_ok=True)
    folder = _folder(home)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _folder(home: Home) -> Path:
    return home.state / "kubeconfigs"
