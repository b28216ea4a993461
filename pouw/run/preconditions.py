"""What is checked before anything is changed: ports that a stack wants here, the clusters and images that it names."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import partial

from infra.faults import Fault
from infra.kubernetes.settings import ClusterSite
from infra.settings.stack import Exposure, Settings
from pouw import cluster as embedded
from pouw.cluster import image_store
from pouw.cluster.layout import layout
from pouw.cluster.machine_facts import all_listeners
from pouw.errors import ClusterError
from pouw.home import Home
from pouw.images import stack_images
from pouw.kube.errors import KubeError
from pouw.network.sites import access


def listeners() -> Mapping[int, str]:
    """Listening TCP ports of this machine, with the program that holds each (empty where it cannot be told)."""
    return {one.port: f"{one.program} (process {one.pid})" if one.pid else "" for one in all_listeners()}


def port_faults(exposure: Exposure, held: Mapping[int, str]) -> Iterator[Fault]:
    """Faults of node ports on this machine: a cluster takes their traffic without asking, also a holder's."""
    wanted = {
        "rpcNodePort": exposure.rpc_node_port,
        "wsNodePort": exposure.ws_node_port,
        "metricsNodePort": exposure.metrics_node_port,
    }
    for key, port in wanted.items():
        if port is not None and port in held:
            yield Fault(
                path=f"pouw:balancer.exposure.{key}",
                message="the port is in use",
                got=f"{port}, held by {held[port] or 'another program'}",
                expected="a free port",
                remedy="stop that program, or choose another port in the stack's file",
            )


def cluster_faults(settings: Settings) -> Iterator[Fault]:
    """Faults of clusters that the user named: each must answer before a stack is touched."""
    home = Home.from_environment(os.environ)
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


def faults(settings: Settings) -> list[Fault]:
    """Everything that would keep a stack from coming up, found before anything is changed."""
    home = Home.from_environment(os.environ)
    holds = partial(image_store.holds, layout=layout(), home=home)
    found = embedded.faults() if settings.embedded else []
    if settings.embedded and settings.balancer.exposure.type == "NodePort":
        found += port_faults(settings.balancer.exposure, listeners())
    return [
        *found,
        *cluster_faults(settings),
        *stack_images.faults(settings, holds=holds, home=home),
    ]
