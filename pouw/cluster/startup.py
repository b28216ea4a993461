"""``pouw cluster up``: from whatever is there to a ready cluster."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from infra.faults import Fault
from pouw.cluster import api, configuration, locking, machine, manifests, pki, preflight, processes
from pouw.cluster import components as parts
from pouw.cluster import condition as health
from pouw.cluster.components import Component, Programs
from pouw.cluster.detached import start_supervisor
from pouw.cluster.image_store import image_store
from pouw.cluster.layout import CONTEXT, KUBERNETES_VERSION, NETWORK, Cluster, Layout, layout
from pouw.cluster.machine_facts import gather, gather_features
from pouw.errors import ClusterError, ExitCode
from pouw.files import write_private
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
    "/usr/lib/cni/bridge": "containernetworking-plugins",
}
_CNI = Path("/usr/lib/cni")
_READY_SECONDS = 180.0
_ASK_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """Everything that ``up`` is about to make true."""

    at: Layout
    programs: Programs
    metrics: bool
    resolvers: bool


def up(progress: Progress, *, metrics: bool = False) -> Cluster:
    """Bring the cluster of the current home up; return when its node is ready and its name service answers.

    Runs again at any time: what is as wanted is left alone, what a killed run left half done is finished. ``metrics``
    adds metrics-server; a later call without it leaves it running.

    Raises:
        ClusterError: the machine cannot run it (nothing has been changed), or it does not get ready in time.
        ToolchainError: a program is not to be had.
    """
    at = layout()
    cluster = Cluster(kubeconfig=at.kubeconfig, context=CONTEXT, version=KUBERNETES_VERSION, endpoint=NETWORK.endpoint)
    preflight.require_root(os.geteuid())
    with locking.exclusive(progress):
        plan = _Plan(
            at=at,
            programs=_located(),
            metrics=metrics or _runs_metrics(at),
            resolvers=_has_resolvers(),
        )
        if _is_up(plan):
            return cluster
        preflight.check(gather(at))
        plan = _with_programs(plan, progress)
        preflight.check_features(gather_features())
        _start(plan, progress)
    return cluster


def _located() -> Programs:
    """Where the programs are or will be."""
    home = Home.from_environment(os.environ)
    runc = shutil.which("runc") or "/usr/sbin/runc"
    return Programs(
        kube=programs.location("kube", home=home),
        etcd=programs.location("etcd", home=home),
        containerd=programs.location("containerd", home=home),
        shim=programs.location("containerd-shim-runc-v2", home=home),
        ctr=programs.location("ctr", home=home),
        coredns=programs.location("coredns", home=home),
        pause=programs.location("pause", home=home),
        metrics_server=programs.location("metrics-server", home=home),
        cni=_CNI,
        runc=Path(runc),
    )


def _runs_metrics(at: Layout) -> bool:
    return at.components.exists() and any(
        each.name == "metrics-server" for each in parts.from_json(at.components.read_text())
    )


def _has_resolvers() -> bool:
    return "nameserver" in configuration.resolv_conf(_host_resolv_conf())


def _host_resolv_conf() -> str:
    # Behind a local stub resolver, its own file names the servers that pods can reach.
    for path in (Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf")):
        if path.exists():
            return path.read_text()
    return ""


def _with_programs(plan: _Plan, progress: Progress) -> _Plan:
    """Build and install what is missing: compilers one after the other, packages beside them."""
    names = ["kube", "etcd", "containerd", "containerd-shim-runc-v2", "ctr", "coredns", "pause"]
    if plan.metrics:
        names.append("metrics-server")
    home = Home.from_environment(os.environ)
    with ThreadPoolExecutor(max_workers=2) as pool:
        packages = pool.submit(debian.ensure, PACKAGES, progress, home=home)
        for name in names:
            programs.ensure(name, progress, home=home)
        packages.result()
    return _Plan(at=plan.at, programs=_located(), metrics=plan.metrics, resolvers=plan.resolvers)


def _write(plan: _Plan) -> tuple[Component, ...]:
    """Certificates, configuration and the list of components."""
    at = plan.at
    for folder in (at.root, at.config, at.volumes, at.logs, at.programs):
        folder.mkdir(parents=True, exist_ok=True)
    at.root.chmod(0o700)
    pki.issue_all(at.pki, NETWORK, now=dt.datetime.now(dt.UTC))
    for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy"):
        _link(at.programs / name, plan.programs.kube)
    _link(at.programs / plan.programs.shim.name, plan.programs.shim)
    for path, content in configuration.files(at, NETWORK, plan.programs).items():
        write_private(path, content)
    write_private(at.config / "resolv.conf", configuration.resolv_conf(_host_resolv_conf()))
    write_private(at.kubeconfig, configuration.admin_kubeconfig(at, NETWORK))
    return _wanted(plan)


def _wanted(plan: _Plan) -> tuple[Component, ...]:
    made = parts.components(plan.at, NETWORK, plan.programs)
    return tuple(each for each in made if plan.metrics or each.name != "metrics-server")


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    temporary = link.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)


def _manifests(plan: _Plan) -> Sequence[manifests.Manifest]:
    authority = base64.b64encode((plan.at.pki / "ca.crt").read_bytes()).decode()
    return manifests.manifests(NETWORK, resolvers=plan.resolvers, metrics=plan.metrics, authority=authority)


def _fingerprint(plan: _Plan, wanted: Sequence[Component]) -> str:
    """Of all that ``up`` makes true: equal means that a finished ``up`` has nothing left to do."""
    files = {str(path): content for path, content in configuration.files(plan.at, NETWORK, plan.programs).items()}
    images_of = [str(plan.programs.coredns), str(plan.programs.pause)]
    text = json.dumps([parts.to_json(wanted), files, _manifests(plan), images_of, _host_resolv_conf()])
    return hashlib.sha256(text.encode()).hexdigest()


def _done(at: Layout) -> Path:
    return at.root / "done"


def _is_up(plan: _Plan) -> bool:
    """Whether an earlier ``up`` finished with this very plan and everything is still well."""
    at = plan.at
    if not _done(at).exists() or health.status().state is not health.State.RUNNING:
        return False
    wanted = _wanted(plan)
    if _done(at).read_text() != _fingerprint(plan, wanted):
        return False
    now = dt.datetime.now(dt.UTC)
    return all(pki.holds(at.pki, each, now=now) for each in pki.certificates(NETWORK))


def _start(plan: _Plan, progress: Progress) -> None:
    at = plan.at
    with progress.step("Starting the cluster") as step:
        at.root.mkdir(parents=True, exist_ok=True)
        at.run.mkdir(parents=True, exist_ok=True)
        write_private(at.owner, str(at.home))
        machine.remember(at)
        _done(at).unlink(missing_ok=True)
        wanted = _write(plan)
        machine.prepare(NETWORK)
        write_private(at.components, parts.to_json(wanted))
        _supervise(at)
        by_name = {each.name: each for each in wanted}
        with ThreadPoolExecutor(max_workers=2) as pool:
            loading = pool.submit(_load_images, plan, by_name["containerd"], progress)
            step.update("waiting for the API server")
            _wait(at, lambda: _runs(at, by_name["kube-apiserver"]), "kube-apiserver", "is not started")
            _apply(plan, step)
            loading.result()
        _await_ready(at, step)
        write_private(_done(at), _fingerprint(plan, wanted))


def _supervise(at: Layout) -> None:
    """Start the supervisor, or have the running one read its list."""
    running = processes.leaders(processes.of_home(at.home)).get("supervisor")
    if running is not None:
        os.kill(running.pid, signal.SIGHUP)
    start_supervisor(at)


def _runs(at: Layout, component: Component) -> bool:
    """Whether the process that runs is the wanted one, not one that the supervisor is about to replace."""
    found = processes.leaders(processes.of_home(at.home)).get(component.name)
    return found is not None and found.digest == component.digest


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def _load_images(plan: _Plan, containerd: Component, progress: Progress) -> None:
    """The two images that the cluster itself needs, made here from their programs."""
    at = plan.at
    _wait(at, lambda: _runs(at, containerd) and _listens(at.containerd_socket), "containerd", "does not listen")
    store = image_store(at, home=Home.from_environment(os.environ))
    made = {configuration.PAUSE_IMAGE: plan.programs.pause, manifests.COREDNS_IMAGE: plan.programs.coredns}
    for reference, program in made.items():
        archive = at.root / f"{program.name}.tar"
        write_program(archive, program, reference)
        store.load(archive, reference, progress)
        archive.unlink()


def _apply(plan: _Plan, step: Step) -> None:
    """Wait for the API server, then apply the cluster's own objects."""
    at = plan.at
    with closing(api.connect(at, NETWORK, "bootstrap")) as client:
        _wait(at, lambda: _answers(client), "kube-apiserver", "does not get ready")
        step.update("applying the cluster's objects")
        for each in _manifests(plan):
            path = manifests.path(each)
            _wait(at, partial(_applied, client, path, each), path, "cannot be applied")


def _answers(client: Client) -> bool:
    try:
        client.text("/readyz")
    except KubeError:
        return False
    return True


def _applied(client: Client, path: str, manifest: Mapping[str, object]) -> bool:
    """Whether the apply took; no where it is worth another try: no answer, a namespace that is still being made."""
    try:
        client.apply(path, manifest)
    except UnreachableError:
        return False
    except ApiError as error:
        if error.status in {404, 409, 429, 500, 503}:
            return False
        raise
    return True


def _await_ready(at: Layout, step: Step) -> None:
    step.update("waiting for the node")
    _wait(at, lambda: health.node_ready(health.find_node(at)), "node", "does not get ready")
    step.update("waiting for the name service")
    path = "/apis/apps/v1/namespaces/kube-system/deployments/coredns"
    with closing(api.connect(at, NETWORK, "bootstrap")) as client:
        _wait(at, lambda: _available(client, path), "coredns", "does not get ready")
    step.update("waiting for every component")
    _wait(at, lambda: health.status().state is health.State.RUNNING, "components", "are not all healthy")


def _available(client: Client, path: str) -> bool:
    try:
        deployment = client.get(path)
    except KubeError:
        return False
    seen = deployment.get("status", {})
    current = seen.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
    return bool(current and seen.get("availableReplicas", 0) >= 1)


def _wait(at: Layout, condition: Callable[[], bool], what: str, problem: str) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise _late(at, what, problem)
        time.sleep(_ASK_SECONDS)


def _late(at: Layout, what: str, problem: str) -> ClusterError:
    unwell = [each.name for each in health.status().components if not each.healthy]
    path = at.logs / f"{unwell[0] if unwell else what}.log"
    last = path.read_text(errors="replace").splitlines()[-3:] if path.exists() else []
    return ClusterError(
        Fault(
            path=what,
            message=f"{problem} within {_READY_SECONDS:.0f} s",
            got=" | ".join([f"unwell: {', '.join(unwell) or 'nothing'}", *last])[-900:],
            remedy=f"see pouw cluster status and pouw cluster logs {unwell[0] if unwell else 'kubelet'}; "
            "up may be run again",
        ),
        code=ExitCode.TIMEOUT,
    )
