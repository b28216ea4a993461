"""Addresses for clients."""

from __future__ import annotations

from typing import Any

import pytest

from pouw.errors import ExitCode
from pouw.network.endpoints import Endpoints, SilentError, answers, endpoints, wait
from pouw.poll import Clock


def service(kind: str, **status: Any) -> dict[str, Any]:
    """Return a balancer's service as a cluster shows it."""
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
    addresses = endpoints(service("NodePort"), [], embedded=True)
    assert (addresses.rpc, addresses.ws) == ("http://127.0.0.1:30545", "ws://127.0.0.1:30546")


def test_a_port_that_is_not_exposed_has_no_address() -> None:
    assert endpoints(service("NodePort"), [], embedded=True).metrics == ""


def test_node_ports_of_another_cluster_are_on_its_machines() -> None:
    assert endpoints(service("NodePort"), [MACHINE], embedded=False).rpc == "http://192.0.2.7:30545"


def test_a_load_balancer_is_known_once_it_has_an_address() -> None:
    waiting = endpoints(service("LoadBalancer"), [], embedded=False)
    assert waiting.rpc == ""
    balanced = service("LoadBalancer", loadBalancer={"ingress": [{"hostname": "lb.example"}]})
    assert endpoints(balanced, [], embedded=False).rpc == "http://lb.example:8545"


def test_a_cluster_address_serves_inside_the_cluster() -> None:
    assert endpoints(service("ClusterIP"), [], embedded=False).metrics == "http://10.201.0.9:8404/metrics"


def test_no_service_means_no_address() -> None:
    assert endpoints(None, [], embedded=True) == Endpoints()


def test_an_address_that_answers_after_a_while_is_waited_for() -> None:
    answers_in_turn = iter([False, False, True])
    clock = Clock(sleep=lambda _: None)
    wait("http://h:1", deadline_seconds=9, is_answering=lambda _: next(answers_in_turn), clock=clock)
    assert not list(answers_in_turn)


def test_an_address_that_never_answers_is_a_fault() -> None:
    ticks = iter(range(100))
    clock = Clock(now=lambda: next(ticks), sleep=lambda _: None)
    with pytest.raises(SilentError, match=r"http://127\.0\.0\.1:1: does not answer within 5 s") as refusal:
        wait("http://127.0.0.1:1", deadline_seconds=5, is_answering=answers, clock=clock)
    assert refusal.value.code is ExitCode.TIMEOUT
