"""The specification of one ``up``: programs, components, files and objects, and the digest of all of them."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pouw import files
from pouw.cluster import components, configuration, manifests, pki
from pouw.cluster.components import Component, Programs
from pouw.cluster.layout import Layout
from pouw.home import Home
from pouw.toolchain import programs

CNI_PLUGINS = Path("/usr/lib/cni")
_RESOLVER_FILES = (Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf"))
"""Behind a local stub resolver, the first file names the servers that pods can reach."""


@dataclass(frozen=True, kw_only=True)
class Specification:
    """Everything that ``up`` establishes."""

    layout: Layout
    programs: Programs
    metrics: bool
    resolv_conf: str
    """The machine's resolver configuration, as pods see it."""

    @property
    def components(self) -> tuple[Component, ...]:
        """The components to run."""
        specified = components.components(self.layout, self.layout.network, self.programs)
        return tuple(component for component in specified if self.metrics or component.name != "metrics-server")

    @property
    def manifests(self) -> Sequence[manifests.Manifest]:
        """The cluster's own objects."""
        authority = base64.b64encode((self.layout.pki / "ca.crt").read_bytes()).decode()
        has_resolvers = "nameserver" in self.resolv_conf
        return manifests.manifests(
            self.layout.network, resolvers=has_resolvers, metrics=self.metrics, authority=authority
        )

    def fingerprint(self, specified: Sequence[Component]) -> str:
        """Return a digest of everything that ``up`` establishes. A finished ``up`` has nothing to do if it is equal."""
        contents = {
            str(path): content
            for path, content in configuration.files(self.layout, self.layout.network, self.programs).items()
        }
        images = [str(self.programs.coredns), str(self.programs.pause)]
        text = json.dumps([components.to_json(specified), contents, self.manifests, images, self.resolv_conf])
        return hashlib.sha256(text.encode()).hexdigest()

    def certificates_hold(self, now: dt.datetime) -> bool:
        """True if no certificate has to be issued."""
        certificates = pki.certificates(self.layout.network)
        return all(pki.holds(self.layout.pki, certificate, now=now) for certificate in certificates)

    def write(self, now: dt.datetime) -> tuple[Component, ...]:
        """Write certificates and configuration, and return the components."""
        layout = self.layout
        for folder in (layout.root, layout.config, layout.volumes, layout.logs, layout.programs):
            folder.mkdir(parents=True, exist_ok=True)
        layout.root.chmod(0o700)
        pki.issue_all(layout.pki, layout.network, now=now)
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy"):
            files.link(layout.programs / name, self.programs.kube)
        files.link(layout.programs / self.programs.shim.name, self.programs.shim)
        for path, content in configuration.files(layout, layout.network, self.programs).items():
            files.write_private(path, content)
        files.write_private(layout.config / "resolv.conf", self.resolv_conf)
        files.write_private(layout.kubeconfig, configuration.admin_kubeconfig(layout, layout.network))
        return self.components

    def located(self, home: Home) -> Specification:
        """Return the specification with the programs as they are now."""
        return replace(self, programs=locate(home))


def specify(layout: Layout, *, home: Home, metrics: bool) -> Specification:
    """Return the specification of a cluster. An earlier metrics-server stays."""
    return Specification(
        layout=layout,
        programs=locate(home),
        metrics=metrics or _runs_metrics(layout),
        resolv_conf=configuration.resolv_conf(_resolver_configuration()),
    )


def locate(home: Home) -> Programs:
    """Return the paths that the programs have, also before they are built."""

    def path(name: str) -> Path:
        return programs.location(name, home=home)

    return Programs(
        kube=path("kube"),
        etcd=path("etcd"),
        containerd=path("containerd"),
        shim=path("containerd-shim-runc-v2"),
        ctr=path("ctr"),
        coredns=path("coredns"),
        pause=path("pause"),
        metrics_server=path("metrics-server"),
        cni=CNI_PLUGINS,
        runc=Path(shutil.which("runc") or "/usr/sbin/runc"),
    )


def _runs_metrics(layout: Layout) -> bool:
    return layout.components.exists() and any(
        component.name == "metrics-server" for component in components.from_json(layout.components.read_text())
    )


def _resolver_configuration() -> str:
    return next((path.read_text() for path in _RESOLVER_FILES if path.exists()), "")
