"""``pouw cluster up``: from any state of the machine to a ready cluster."""

from __future__ import annotations

import datetime as dt
import os
import signal
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path

from infra.faults import Fault
from pouw import files, locks, poll
from pouw.cluster import api, configuration, machine, manifests, preflight, processes
from pouw.cluster import components as component_list
from pouw.cluster.components import Component
from pouw.cluster.condition import State, find_node, node_ready, status
from pouw.cluster.detached import start_supervisor
from pouw.cluster.image_store import image_store
from pouw.cluster.layout import CONTEXT, KUBERNETES_VERSION, LOCK_SECONDS, MACHINE_LOCK, Cluster, Layout
from pouw.cluster.machine_facts import gather, gather_features
from pouw.cluster.specification import CNI_PLUGINS, Specification, specify
from pouw.errors import ClusterError, ExitCode
from pouw.home import Home
from pouw.images.archive import write_program
from pouw.kube.client import Client
from pouw.kube.errors import ApiError, KubeError, UnreachableError
from pouw.progress import Progress, Step
from pouw.toolchain import debian, programs

PACKAGES = {
    "ip": "iproute2",
    "iptables": "iptables",
    "runc": "runc",
    "mount": "mount",
    str(CNI_PLUGINS / "bridge"): "containernetworking-plugins",
}
_READY_SECONDS = 180.0
_INTERVAL_SECONDS = 0.1
_TEMPORARY_STATUSES = frozenset({404, 409, 429, 500, 503})
"""Answers of an API server that has just started, and of a namespace that does not exist yet."""


def up(layout: Layout, progress: Progress, *, home: Home, metrics: bool = False) -> Cluster:
    """Bring a cluster up, and return when its node is ready and its name service answers.

    It is safe to repeat: correct parts stay, and the work of a killed run is finished. ``metrics`` adds metrics-server,
    which later calls leave running.

    Raises:
        ClusterError: the machine cannot run the cluster (then nothing is changed), or it is not ready in time.
        LockedError: another command changes a cluster of this machine.
        ToolchainError: a program is not available.
    """
    cluster = Cluster(
        kubeconfig=layout.kubeconfig,
        context=CONTEXT,
        version=KUBERNETES_VERSION,
        endpoint=layout.network.endpoint,
    )
    preflight.require_root(os.geteuid())
    with locks.hold(
        MACHINE_LOCK, operation="pouw cluster up", wait_seconds=LOCK_SECONDS, progress=progress, remove=True
    ):
        specification = specify(layout, home=home, metrics=metrics)
        if _is_up(specification):
            return cluster
        preflight.check(gather(layout))
        _ensure_programs(metrics=specification.metrics, progress=progress, home=home)
        preflight.check_features(gather_features())
        _start(specification.located(home), progress, home)
    return cluster


def _ensure_programs(*, metrics: bool, progress: Progress, home: Home) -> None:
    """Build and install what is missing: one compiler after the other, and packages at the same time."""
    names = ["kube", "etcd", "containerd", "containerd-shim-runc-v2", "ctr", "coredns", "pause"]
    if metrics:
        names.append("metrics-server")
    with ThreadPoolExecutor(max_workers=1) as workers:
        packages = workers.submit(debian.ensure, PACKAGES, progress, home=home)
        for name in names:
            programs.ensure(name, progress, home=home)
        packages.result()


def _is_up(specification: Specification) -> bool:
    """True if an earlier ``up`` finished with this specification and every component is still healthy."""
    layout = specification.layout
    if not layout.fingerprint.exists() or status(layout).state is not State.RUNNING:
        return False
    if layout.fingerprint.read_text() != specification.fingerprint(specification.components):
        return False
    return specification.certificates_hold(dt.datetime.now(dt.UTC))


def _start(specification: Specification, progress: Progress, home: Home) -> None:
    layout = specification.layout
    with progress.step("Starting the cluster") as step:
        layout.root.mkdir(parents=True, exist_ok=True)
        layout.run.mkdir(parents=True, exist_ok=True)
        files.write_private(layout.owner, str(layout.home))
        machine.remember(layout)
        layout.fingerprint.unlink(missing_ok=True)
        specified = specification.write(dt.datetime.now(dt.UTC))
        machine.prepare(layout.network)
        files.write_private(layout.components, component_list.to_json(specified))
        _supervise(layout)
        by_name = {component.name: component for component in specified}
        with ThreadPoolExecutor(max_workers=1) as workers:
            loading = workers.submit(_load_images, specification, by_name["containerd"], progress, home)
            step.update("waiting for the API server")
            _wait(layout, lambda: _runs(layout, by_name["kube-apiserver"]), "kube-apiserver", "it has not started")
            _apply(specification, step)
            loading.result()
        _wait_until_ready(layout, step)
        files.write_private(layout.fingerprint, specification.fingerprint(specified))


def _supervise(layout: Layout) -> None:
    """Start the supervisor, or let the running one read its list of components."""
    running = processes.leaders(processes.of_home(layout.home)).get("supervisor")
    if running is not None:
        os.kill(running.pid, signal.SIGHUP)
    start_supervisor(layout)


def _runs(layout: Layout, component: Component) -> bool:
    """True if the component runs as specified, False if the supervisor is about to replace it."""
    process = processes.leaders(processes.of_home(layout.home)).get(component.name)
    return process is not None and process.digest == component.digest


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def _load_images(specification: Specification, containerd: Component, progress: Progress, home: Home) -> None:
    """Load the cluster's own two images, built here from their programs."""
    layout = specification.layout
    _wait(
        layout,
        lambda: _runs(layout, containerd) and _listens(layout.containerd_socket),
        "containerd",
        "it does not listen",
    )
    store = image_store(layout, home=home)
    images = {
        configuration.PAUSE_IMAGE: specification.programs.pause,
        manifests.COREDNS_IMAGE: specification.programs.coredns,
    }
    for reference, program in images.items():
        archive = layout.root / f"{program.name}.tar"
        write_program(archive, program, reference)
        store.load(archive, reference, progress)
        archive.unlink()


def _apply(specification: Specification, step: Step) -> None:
    """Wait for the API server, then apply the cluster's own objects."""
    layout = specification.layout
    with closing(api.connect(layout, "bootstrap")) as client:
        _wait(layout, lambda: _answers(client), "kube-apiserver", "it is not ready")
        step.update("applying the cluster's objects")
        for manifest in specification.manifests:
            path = manifests.path(manifest)
            _wait(layout, partial(_applied, client, path, manifest), path, "it cannot be applied")


def _answers(client: Client) -> bool:
    try:
        client.text("/readyz")
    except KubeError:
        return False
    return True


def _applied(client: Client, path: str, manifest: manifests.Manifest) -> bool:
    """Apply an object. False if another attempt may succeed."""
    try:
        client.apply(path, manifest)
    except UnreachableError:
        return False
    except ApiError as error:
        if error.status in _TEMPORARY_STATUSES:
            return False
        raise
    return True


def _wait_until_ready(layout: Layout, step: Step) -> None:
    step.update("waiting for the node")
    _wait(layout, lambda: node_ready(find_node(layout)), "node", "it is not ready")
    step.update("waiting for the name service")
    path = "/apis/apps/v1/namespaces/kube-system/deployments/coredns"
    with closing(api.connect(layout, "bootstrap")) as client:
        _wait(layout, lambda: _is_available(client, path), "coredns", "it is not ready")
    step.update("waiting for every component")
    _wait(layout, lambda: status(layout).state is State.RUNNING, "components", "they are not all healthy")


def _is_available(client: Client, path: str) -> bool:
    try:
        deployment = client.get(path)
    except KubeError:
        return False
    state = deployment.get("status", {})
    is_current = state.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
    return bool(is_current and state.get("availableReplicas", 0) >= 1)


def _wait(layout: Layout, condition: Callable[[], bool], path: str, problem: str) -> None:
    """Wait for a condition.

    Raises:
        ClusterError: it does not hold in time. ``path`` and ``problem`` begin the message.
    """
    if not poll.until(condition, seconds=_READY_SECONDS, interval_seconds=_INTERVAL_SECONDS):
        raise _timeout(layout, path, problem)


def _timeout(layout: Layout, path: str, problem: str) -> ClusterError:
    unhealthy = [component.name for component in status(layout).components if not component.healthy]
    suspect = unhealthy[0] if unhealthy else "kubelet"
    log = layout.logs / f"{unhealthy[0] if unhealthy else path.rpartition('/')[2]}.log"
    lines = log.read_text(errors="replace").splitlines()[-3:] if log.exists() else []
    return ClusterError(
        Fault(
            path=path,
            message=f"{problem} after {_READY_SECONDS:.0f} s",
            got=" | ".join([f"unhealthy: {', '.join(unhealthy) or 'no component'}", *lines])[-900:],
            remedy=f"read `pouw cluster logs {suspect}`, then run `pouw cluster up` again",
        ),
        code=ExitCode.TIMEOUT,
    )
