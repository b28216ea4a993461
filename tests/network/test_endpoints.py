"""Addresses that clients are told."""

from __future__ import annotations

from typing import Any

import pytest

from pouw.errors import ExitCode
from pouw.network.endpoints import Endpoints, SilentError, answers, endpoints, wait


def service(kind: str, **status: Any) -> dict[str, Any]:
    """A balancer's service as a cluster shows it."""
    ports = [
        {"name": "rpc", "port": 8545, "nodePort": 30545},
        {"name": "ws", "port": 8546, "nodePort": 30546},
        {"name": "metrics", "port": 8404},
    ]
    return {"spec": {"type": kind, "clusterIP": "10.201.0.9", "ports": ports}, "status": status}


MACHINE = {
    "status": {"addresses": [{"type": "Hostname", "address": "m"}, {"type": "InternalIP", "address": "192.0.2.7"}]}
}


def test_the_embedded_cluster_is_reached_on_the_loopback() -> None:
    found = endpoints(service("NodePort"), [], embedded=True)
    assert (found.rpc, found.ws) == ("http://127.0.0.1:30545", "ws://127.0.0.1:30546")


def test_a_port_that_is_not_exposed_has_no_address() -> None:
    assert endpoints(service("NodePort"), [], embedded=True).metrics == ""


def test_node_ports_of_another_cluster_are_on_its_machines() -> None:
    assert endpoints(service("NodePort"), [MACHINE], embedded=False).rpc == "http://192.0.2.7:30545"


def test_a_load_balancer_is_known_once_it_has_an_address() -> None:
    waiting = endpoints(service("LoadBalancer"), [], embedded=False)
    assert waiting.rpc == ""
    given = service("LoadBalancer", loadBalancer={"ingress": [{"hostname": "lb.example"}]})
    assert endpoints(given, [], embedded=False).rpc == "http://lb.example:8545"


def test_a_cluster_address_serves_inside_the_cluster() -> None:
    assert endpoints(service("ClusterIP"), [], embedded=False).metrics == "http://10.201.0.9:8404/metrics"


def test_no_service_means_no_address() -> None:
    assert endpoints(None, [], embedded=True) == Endpoints()


def test_an_address_that_answers_after_a_while_is_waited_for() -> None:
    said = iter([False, False, True])
    wait("http://h:1", deadline_seconds=9, asked=lambda _: next(said), pause=lambda _: None)
    assert not list(said)


def test_an_address_that_never_answers_is_told() -> None:
    ticks = iter(range(100))
    with pytest.raises(SilentError, match=r"http://127\.0\.0\.1:1: does not answer within 5 s") as caught:
        wait("http://127.0.0.1:1", deadline_seconds=5, asked=answers, pause=lambda _: None, clock=lambda: next(ticks))
    assert caught.value.code is ExitCode.TIMEOUT
