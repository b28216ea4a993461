"""The checks before anything is changed: ports of this machine, and the clusters and images that a stack names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import partial

from infra.faults import Fault
from infra.kubernetes.settings import ClusterSite
from infra.settings.stack import Exposure, Settings
from pouw import cluster as embedded
from pouw.cluster import image_store
from pouw.cluster.layout import Layout
from pouw.cluster.machine_facts import all_listeners
from pouw.errors import ClusterError
from pouw.home import Home
from pouw.images import stack_images
from pouw.kube.errors import KubeError
from pouw.network.sites import access


def listeners() -> Mapping[int, str]:
    """Return this machine's listening TCP ports, with the program of each; empty where the system hides it."""
    return {
        listener.port: f"{listener.program} (process {listener.pid})" if listener.pid else ""
        for listener in all_listeners()
    }


def port_faults(exposure: Exposure, holders: Mapping[int, str]) -> Iterator[Fault]:
    """Yield a fault for each node port that a program holds: the cluster would take over that program's traffic."""
    ports = {
        "rpcNodePort": exposure.rpc_node_port,
        "wsNodePort": exposure.ws_node_port,
        "metricsNodePort": exposure.metrics_node_port,
    }
    for key, port in ports.items():
        if port is not None and port in holders:
            yield Fault(
                path=f"pouw:balancer.exposure.{key}",
                message="the port is in use",
                got=f"{port}, held by {holders[port] or 'another program'}",
                expected="a free port",
                remedy="stop that program, or choose another port in the stack's file",
            )


def cluster_faults(settings: Settings, home: Home) -> Iterator[Fault]:
    """Yield a fault for each existing cluster that does not answer."""
    for index, site in enumerate(settings.sites):
        if not isinstance(site, ClusterSite) or site.embedded:
            continue
        path = f"pouw:sites[{index}].context"
        try:
            with closing(access(settings, site, home).connect()) as client:
                client.get("/version")
        except KubeError as error:
            yield Fault(
                path=path,
                message="the cluster does not answer",
                got=f"{site.context}: {error.faults[0].got or error.message}",
                expected="an API server that answers within 5 s",
                remedy="start it, or correct the context in the stack's file or the kubeconfig",
            )
        except ClusterError as error:
            yield from (
                Fault(path=path, message=fault.message, got=fault.got, expected=fault.expected)
                for fault in error.faults
            )


def faults(settings: Settings, *, home: Home) -> list[Fault]:
    """Return every fault that would prevent the bring-up."""
    layout = Layout.of_home(home)
    cluster = embedded.faults(layout) if settings.embedded else []
    takes_ports = settings.embedded and settings.balancer.exposure.type == "NodePort"
    ports = port_faults(settings.balancer.exposure, listeners()) if takes_ports else ()
    holds = partial(image_store.holds, layout=layout, home=home)
    images = stack_images.faults(settings, holds=holds, home=home)
    return [*cluster, *ports, *cluster_faults(settings, home), *images]
