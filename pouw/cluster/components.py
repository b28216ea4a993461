"""The components of the cluster: each process with its arguments, dependencies and health check."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from pouw.cluster.layout import (
    API_PORT,
    CONTROLLER_MANAGER_PORT,
    DIGEST,
    ETCD_PEER_PORT,
    KUBELET_HEALTH_PORT,
    MARKER,
    METRICS_SERVER_PORT,
    PROXY_HEALTH_PORT,
    SCHEDULER_PORT,
    Layout,
    Network,
)

CNI_FILE = "10-pouw.conflist"


@dataclass(frozen=True, kw_only=True)
class Probe:
    """A health check: a GET that answers 200.

    It uses TLS and the probe's client certificate, or clear text on loopback. With ``socket``, it is enough that the
    UNIX socket accepts a connection.
    """

    address: str = ""
    port: int = 0
    path: str = "/healthz"
    authority: str = ""
    certificate: str = ""
    socket: str = ""


@dataclass(frozen=True, kw_only=True)
class Component:
    """One supervised process.

    ``after`` names the components that must be healthy before its first start. ``inputs`` are the files that it reads
    once, so that a changed file restarts it.
    """

    name: str
    program: Path
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[Path, ...] = ()
    after: tuple[str, ...] = ()
    probe: Probe | None = None
    digest: str = ""

    def environ(self, layout: Layout, path: str) -> dict[str, str]:
        """Return the complete environment of the process."""
        marks = {MARKER: layout.marker(self.name), DIGEST: self.digest}
        return {
            "PATH": f"{layout.programs}:{path}",
            "HOME": str(layout.root),
            "LANG": "C.UTF-8",
            **self.environment,
            **marks,
        }


@dataclass(frozen=True, kw_only=True)
class Programs:
    """Paths of the programs."""

    kube: Path
    etcd: Path
    containerd: Path
    shim: Path
    ctr: Path
    coredns: Path
    pause: Path
    cni: Path
    runc: Path
    metrics_server: Path | None = None


def components(layout: Layout, network: Network, programs: Programs) -> tuple[Component, ...]:
    """Return all components, each with the digest of its specification and of the files it reads."""
    specified = [
        _etcd(layout, network, programs),
        _apiserver(layout, network),
        _controller_manager(layout, network),
        _scheduler(layout, network),
        _containerd(layout, programs),
        _kubelet(layout, network),
        _proxy(layout, network),
        _storage(layout),
        _watchdog(layout),
    ]
    if programs.metrics_server is not None:
        specified.append(_metrics_server(layout, network, programs.metrics_server))
    return tuple(replace(component, digest=_digest(component)) for component in specified)


def _digest(component: Component) -> str:
    digest = hashlib.sha256(json.dumps(asdict(component), sort_keys=True, default=str).encode())
    for path in component.inputs:
        digest.update(path.read_bytes() if path.exists() else b"absent")
    program = component.program.resolve()
    digest.update(str(program.stat().st_size if program.exists() else 0).encode())
    return digest.hexdigest()[:16]


def to_json(components: Sequence[Component]) -> str:
    """Return the list of components as the supervisor reads it."""
    return json.dumps([asdict(component) for component in components], indent=1, default=str)


def from_json(text: str) -> tuple[Component, ...]:
    """Return the components that ``to_json`` wrote."""
    return tuple(
        Component(
            name=item["name"],
            program=Path(item["program"]),
            arguments=tuple(item["arguments"]),
            environment=item["environment"],
            inputs=tuple(Path(each) for each in item["inputs"]),
            after=tuple(item["after"]),
            probe=Probe(**item["probe"]) if item["probe"] else None,
            digest=item["digest"],
        )
        for item in json.loads(text)
    )


_FRUGAL = {"GOGC": "60"}
"""A small control plane is mostly idle, so memory matters more than the time of the garbage collector."""


def _local_probe(layout: Layout, network: Network, port: int) -> Probe:
    return Probe(
        address=network.loopback,
        port=port,
        authority=str(layout.pki / "ca.crt"),
        certificate=str(layout.pki / "probe"),
    )


def _etcd(layout: Layout, network: Network, programs: Programs) -> Component:
    pki = layout.pki
    peer = f"https://{network.loopback}:{ETCD_PEER_PORT}"
    tls = {"cert-file": pki / "etcd.crt", "key-file": pki / "etcd.key", "trusted-ca-file": pki / "etcd-ca.crt"}
    return Component(
        name="etcd",
        program=programs.etcd,
        arguments=(
            "--name=pouw",
            f"--data-dir={layout.etcd}",
            f"--listen-client-urls={network.etcd}",
            f"--advertise-client-urls={network.etcd}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=pouw={peer}",
            "--client-cert-auth",
            "--peer-client-cert-auth",
            *(f"--{name}={path}" for name, path in tls.items()),
            *(f"--peer-{name}={path}" for name, path in tls.items()),
            # A single member elects itself after this time, which is most of the start.
            "--heartbeat-interval=100",
            "--election-timeout=500",
            "--log-level=warn",
        ),
        environment=_FRUGAL,
        inputs=tuple(tls.values()),
        probe=Probe(
            address=network.loopback,
            port=2379,
            path="/health",
            authority=str(pki / "etcd-ca.crt"),
            certificate=str(pki / "apiserver-etcd"),
        ),
    )


def _apiserver(layout: Layout, network: Network) -> Component:
    pki = layout.pki
    files = {
        "client-ca-file": pki / "ca.crt",
        "tls-cert-file": pki / "apiserver.crt",
        "tls-private-key-file": pki / "apiserver.key",
        "etcd-cafile": pki / "etcd-ca.crt",
        "etcd-certfile": pki / "apiserver-etcd.crt",
        "etcd-keyfile": pki / "apiserver-etcd.key",
        "kubelet-certificate-authority": pki / "ca.crt",
        "kubelet-client-certificate": pki / "apiserver-kubelet.crt",
        "kubelet-client-key": pki / "apiserver-kubelet.key",
        "requestheader-client-ca-file": pki / "front-proxy-ca.crt",
        "proxy-client-cert-file": pki / "front-proxy.crt",
        "proxy-client-key-file": pki / "front-proxy.key",
        "service-account-key-file": pki / "service-account.pub",
        "service-account-signing-key-file": pki / "service-account.key",
    }
    return Component(
        name="kube-apiserver",
        program=layout.programs / "kube-apiserver",
        arguments=(
            f"--bind-address={network.gateway}",
            f"--advertise-address={network.gateway}",
            f"--secure-port={API_PORT}",
            f"--etcd-servers={network.etcd}",
            *(f"--{name}={path}" for name, path in files.items()),
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--service-account-issuer=https://kubernetes.default.svc.{network.domain}",
            f"--service-cluster-ip-range={network.services}",
            f"--service-node-port-range={network.node_ports}",
            "--kubelet-preferred-address-types=InternalIP",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--anonymous-auth=false",
            "--allow-privileged=true",
            "--profiling=false",
        ),
        environment=_FRUGAL,
        inputs=tuple(files.values()),
        after=("etcd",),
        probe=Probe(
            address=network.gateway,
            port=API_PORT,
            path="/readyz",
            authority=str(pki / "ca.crt"),
            certificate=str(pki / "probe"),
        ),
    )


def _control_loop(
    layout: Layout, network: Network, *, name: str, port: int, arguments: Sequence[str], inputs: Sequence[Path]
) -> Component:
    """Return the controller manager or the scheduler, which share most arguments."""
    pki, kubeconfig = layout.pki, layout.config / f"{name}.kubeconfig"
    return Component(
        name=name,
        program=layout.programs / name,
        arguments=(
            f"--authentication-kubeconfig={kubeconfig}",
            f"--authorization-kubeconfig={kubeconfig}",
            f"--bind-address={network.loopback}",
            f"--secure-port={port}",
            f"--tls-cert-file={pki / 'local-serving.crt'}",
            f"--tls-private-key-file={pki / 'local-serving.key'}",
            "--leader-elect=false",
            "--profiling=false",
            *arguments,
        ),
        environment=_FRUGAL,
        inputs=(kubeconfig, pki / "local-serving.crt", *inputs),
        after=("kube-apiserver",),
        probe=_local_probe(layout, network, port),
    )


def _controller_manager(layout: Layout, network: Network) -> Component:
    pki = layout.pki
    return _control_loop(
        layout,
        network,
        name="kube-controller-manager",
        port=CONTROLLER_MANAGER_PORT,
        arguments=(
            f"--kubeconfig={layout.config / 'kube-controller-manager.kubeconfig'}",
            "--use-service-account-credentials=true",
            f"--service-account-private-key-file={pki / 'service-account.key'}",
            f"--root-ca-file={pki / 'ca.crt'}",
            f"--cluster-signing-cert-file={pki / 'ca.crt'}",
            f"--cluster-signing-key-file={pki / 'ca.key'}",
            "--allocate-node-cidrs=false",
            # At the default of 20 a second its controllers wait five seconds for their tokens at every start.
            "--kube-api-qps=200",
            "--kube-api-burst=400",
            f"--flex-volume-plugin-dir={layout.kubelet / 'volume-plugins'}",
        ),
        inputs=(pki / "service-account.key", pki / "ca.crt"),
    )


def _scheduler(layout: Layout, network: Network) -> Component:
    config = layout.config / "kube-scheduler.yaml"
    return _control_loop(
        layout,
        network,
        name="kube-scheduler",
        port=SCHEDULER_PORT,
        arguments=(f"--config={config}",),
        inputs=(config,),
    )


def _containerd(layout: Layout, programs: Programs) -> Component:
    config = layout.config / "containerd.toml"
    return Component(
        name="containerd",
        program=programs.containerd,
        arguments=(f"--config={config}", "--log-level=warn"),
        environment=_FRUGAL,
        inputs=(config, layout.config / "cni" / CNI_FILE),
        probe=Probe(socket=str(layout.containerd_socket)),
    )


def _kubelet(layout: Layout, network: Network) -> Component:
    config, kubeconfig = layout.config / "kubelet.yaml", layout.config / "kubelet.kubeconfig"
    return Component(
        name="kubelet",
        program=layout.programs / "kubelet",
        arguments=(
            f"--config={config}",
            f"--kubeconfig={kubeconfig}",
            f"--root-dir={layout.kubelet}",
            f"--node-ip={network.gateway}",
            "--hostname-override=pouw-local",
        ),
        environment=_FRUGAL,
        inputs=(config, kubeconfig, layout.pki / "kubelet-serving.crt"),
        after=("containerd", "kube-apiserver"),
        probe=Probe(address=network.loopback, port=KUBELET_HEALTH_PORT),
    )


def _proxy(layout: Layout, network: Network) -> Component:
    config, kubeconfig = layout.config / "kube-proxy.yaml", layout.config / "kube-proxy.kubeconfig"
    return Component(
        name="kube-proxy",
        program=layout.programs / "kube-proxy",
        arguments=(f"--config={config}",),
        environment=_FRUGAL,
        inputs=(config, kubeconfig),
        after=("kube-apiserver",),
        probe=Probe(address=network.loopback, port=PROXY_HEALTH_PORT, path="/livez"),
    )


def _python(layout: Layout, name: str, module: str, *, after: tuple[str, ...] = ()) -> Component:
    return Component(
        name=name,
        program=Path(sys.executable),
        arguments=("-m", module, layout.argument),
        environment={"PYTHONUNBUFFERED": "1"},
        after=after,
    )


def _storage(layout: Layout) -> Component:
    return _python(layout, "storage", "pouw.cluster.storage", after=("kube-apiserver",))


def _watchdog(layout: Layout) -> Component:
    return _python(layout, "watchdog", "pouw.cluster.watchdog")


def _metrics_server(layout: Layout, network: Network, program: Path) -> Component:
    pki, kubeconfig = layout.pki, layout.config / "metrics-server.kubeconfig"
    return Component(
        name="metrics-server",
        program=program,
        arguments=(
            f"--kubeconfig={kubeconfig}",
            f"--authentication-kubeconfig={kubeconfig}",
            f"--authorization-kubeconfig={kubeconfig}",
            f"--bind-address={network.gateway}",
            f"--secure-port={METRICS_SERVER_PORT}",
            f"--tls-cert-file={pki / 'metrics-server-serving.crt'}",
            f"--tls-private-key-file={pki / 'metrics-server-serving.key'}",
            f"--kubelet-certificate-authority={pki / 'ca.crt'}",
            "--kubelet-preferred-address-types=InternalIP",
            "--metric-resolution=15s",
        ),
        environment=_FRUGAL,
        inputs=(kubeconfig, pki / "metrics-server-serving.crt"),
        after=("kube-apiserver", "kubelet"),
        probe=Probe(
            address=network.gateway,
            port=METRICS_SERVER_PORT,
            path="/livez",
            authority=str(pki / "ca.crt"),
            certificate=str(pki / "probe"),
        ),
    )
