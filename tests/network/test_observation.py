"""Observation of sites and nodes: states come from pods and from the nodes' own answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from infra.faults import Fault
from infra.settings.loader import parse
from pouw.errors import ClusterError
from pouw.network.nodes import NodeError
from pouw.network.observation import NodeView, nodes, observe, view

SETTINGS = parse(
    {
        "environment": "local",
        "sites": [
            {"name": "primary", "cloud": "kubernetes", "egress": ["192.0.2.1/32"]},
            {
                "name": "office",
                "cloud": "kubernetes",
                "context": "office",
                "role": "standby",
                "egress": ["192.0.2.2/32"],
            },
        ],
        "dns": {"zone": "example.org"},
        "images": {"node": "registry.example/node:1", "balancer": "registry.example/balancer:1"},
    }
)
STATUS = {"height": 7, "head": "0xabc", "peers": 3, "version": "1.0"}
UNREACHABLE = Fault(path="api", message="does not answer")


@dataclass(kw_only=True)
class Site:
    """A site with pods, one service, and nodes that answer unless they are not in ``answers``."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    balancer: Mapping[str, Any] | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)

    def pods(self, selector: Mapping[str, str]) -> list[Any]:
        assert selector == {"app": "pouw", "app.kubernetes.io/component": "node"}
        return self.entries

    def service(self, name: str) -> Mapping[str, Any] | None:
        assert name == "pouw-balancer"
        return self.balancer

    def rpc(self, pod: str, method: str) -> Any:
        assert method == "pouw_status"
        if pod not in self.answers:
            raise NodeError(UNREACHABLE)
        return self.answers[pod]


class Sites(dict[str, Site]):
    """The sites that can be reached."""

    def to(self, site: str) -> Site:
        if site not in self:
            raise ClusterError(UNREACHABLE)
        return self[site]


def pod(name: str, *, phase: str = "Running", ready: bool = True, **status: Any) -> dict[str, Any]:
    """Return a pod as a cluster shows it."""
    conditions = [{"type": "Ready", "status": str(ready)}, *status.pop("conditions", [])]
    labels = {"pouw.dev/slot": "blue", "pouw.dev/role": "miner"}
    return {
        "metadata": {"name": name, "labels": labels},
        "status": {"phase": phase, "conditions": conditions, **status},
    }


def waiting(**reason: str) -> list[dict[str, Any]]:
    return [{"state": {"waiting": reason}}, {"state": {"running": {}}}]


def test_a_running_node_reports_its_own_state() -> None:
    assert view("primary", Site(answers={"node-0": STATUS}), pod("node-0")) == NodeView(
        site="primary", slot="blue", name="node-0", role="miner", ready=True, height=7, head="0xabc", peers=3,
        version="1.0",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "trouble"),
    [
        (pod("node-0", phase="Pending", containerStatuses=waiting(reason="ErrImagePull", message="no such image")),
         "ErrImagePull: no such image"),
        (pod("node-0", phase="Pending", containerStatuses=waiting(reason="ContainerCreating")), "ContainerCreating"),
        (pod("node-0", phase="Pending", conditions=[{"type": "PodScheduled", "status": "False", "message": "no room"}]),
         "not scheduled: no room"),
        (pod("node-0", phase="Pending", conditions=[{"type": "PodScheduled", "status": "True"}]), ""),
        (pod("node-0", containerStatuses=waiting(reason="CrashLoopBackOff")), "CrashLoopBackOff"),
        (pod("node-0"), "api: does not answer"),
    ],
)  # fmt: skip
def test_a_node_without_an_answer_has_the_kubelets_reason(state: dict[str, Any], trouble: str) -> None:
    node = view("primary", Site(), state)
    assert not node.answering
    assert node.trouble == trouble


def test_a_pod_that_does_not_run_is_not_asked() -> None:
    node = view("primary", Site(answers={"node-0": STATUS}), pod("node-0", phase="Pending", ready=False))
    assert not node.answering
    assert not node.ready


def test_a_site_that_does_not_answer_is_reported_beside_the_others() -> None:
    balancer = {"metadata": {"annotations": {"pouw.dev/active-slot": "green"}}}
    primary = Site(entries=[pod("node-0"), pod("node-1")], balancer=balancer, answers={"node-0": STATUS})
    first, second = observe(SETTINGS, Sites(primary=primary))
    assert (first.name, first.cloud, first.role, first.active_slot) == ("primary", "kubernetes", "active", "green")
    assert [node.height for node in first.nodes] == [7, -1]
    assert (second.name, second.role, second.nodes) == ("office", "standby", ())
    assert second.trouble == "api: does not answer"
    assert [node.name for node in nodes([first, second])] == ["node-0", "node-1"]


def test_a_site_without_a_balancer_has_no_active_slot() -> None:
    first, _ = observe(SETTINGS, Sites(primary=Site()))
    assert (first.active_slot, first.trouble) == ("", "")
