"""The namespace of the workloads: its limits and network policies follow from what the workloads declare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from infra import node_pod
from infra.flows import DNS, Flow, pods
from infra.kubernetes import balancer
from infra.kubernetes.namespace import limits, network_policies
from infra.quantities import parsed, total
from infra.settings.stack import Amounts, Balancer, Nodes, Resources
from infra.workload import Workload

PROCESSORS = ("50m", "0.5", "500m", "1", "2", "4")
MEMORIES = ("64Mi", "128M", "384Mi", "0.5Gi", "1Gi", "4G", "4Gi")
SIZES = ("512Mi", "1Gi", "20G", "20Gi", "300Gi", "1Ti")
SIDECAR = Resources(requests=Amounts(cpu="10m", memory="32Mi"), limits=Amounts(cpu="250m", memory="512Mi"))


@st.composite
def resources(draw: st.DrawFn) -> Resources:
    """Amounts whose limits are no smaller than their requests."""
    low, high = sorted((draw(st.sampled_from(PROCESSORS)), draw(st.sampled_from(PROCESSORS))), key=parsed)
    few, many = sorted((draw(st.sampled_from(MEMORIES)), draw(st.sampled_from(MEMORIES))), key=parsed)
    return Resources(requests=Amounts(cpu=low, memory=few), limits=Amounts(cpu=high, memory=many))


WORKLOADS = st.lists(
    st.builds(
        Workload,
        component=st.just("any"),
        containers=st.dictionaries(st.sampled_from("abc"), resources(), min_size=1),
        volumes=st.dictionaries(st.sampled_from("xy"), st.sampled_from(SIZES)),
    ),
    min_size=1,
    max_size=4,
)


def refusals(workload: Workload, ranges: Sequence[Mapping[str, Any]]) -> list[str]:
    """Reasons for which the API server's LimitRanger refuses a pod of the workload or one of its claims."""
    largest = {limit["type"]: limit["max"] for limit in ranges}
    pod = {"cpu": Decimal(0), "memory": Decimal(0)}
    reasons = []
    for name, container in workload.containers.items():
        for resource, value in container.limits.model_dump().items():
            pod[resource] += parsed(value)
            if parsed(value) > parsed(largest["Container"][resource]):
                reasons.append(f"container {name}: {resource}")
    reasons += [f"pod: {resource}" for resource, value in pod.items() if value > parsed(largest["Pod"][resource])]
    for name, size in workload.volumes.items():
        if parsed(size) > parsed(largest["PersistentVolumeClaim"]["storage"]):
            reasons.append(f"claim {name}")
    return reasons


@given(WORKLOADS)
def test_every_declared_pod_and_volume_is_admitted(workloads: list[Workload]) -> None:
    ranges = limits(workloads)
    assert [refusals(workload, ranges) for workload in workloads] == [[]] * len(workloads)


@given(WORKLOADS)
def test_the_defaults_of_a_container_are_amounts_that_the_server_admits(workloads: list[Workload]) -> None:
    container = limits(workloads)[0]
    for name in ("cpu", "memory"):
        request, limit, largest = (parsed(container[key][name]) for key in ("defaultRequest", "default", "max"))
        assert request <= limit <= largest


def test_the_limits_are_those_of_the_largest_workload() -> None:
    container, pod, claim = limits([node_pod.declaration(Nodes()), balancer.declaration(Balancer(), ())])
    assert container["max"] == pod["max"] == {"cpu": "4", "memory": "4Gi"}
    assert container["default"] == {"cpu": "1", "memory": "256Mi"}
    assert container["defaultRequest"] == {"cpu": "250m", "memory": "128Mi"}
    assert claim == {"type": "PersistentVolumeClaim", "max": {"storage": "20Gi"}}


def test_a_sidecar_raises_the_limit_of_a_pod_and_of_no_container() -> None:
    node = node_pod.declaration(Nodes())
    with_sidecar = replace(node, containers={**node.containers, "exporter": SIDECAR})
    assert refusals(with_sidecar, limits([node])) == ["pod: cpu", "pod: memory"]
    container, pod, _ = limits([with_sidecar])
    assert container["max"] == {"cpu": "4", "memory": "4Gi"}
    assert pod["max"] == {"cpu": "4250m", "memory": "4608Mi"}
    assert refusals(with_sidecar, limits([with_sidecar])) == []


def test_a_volume_larger_than_a_nodes_raises_the_limit_of_claims() -> None:
    node = node_pod.declaration(Nodes())
    metrics = Workload(component="metrics", containers={"store": SIDECAR}, volumes={"data": "100Gi"})
    assert refusals(metrics, limits([node])) == ["claim data"]
    assert limits([node, metrics])[2] == {"type": "PersistentVolumeClaim", "max": {"storage": "100Gi"}}
    assert refusals(metrics, limits([node, metrics])) == []


def test_a_namespace_without_volumes_limits_no_claim() -> None:
    assert [limit["type"] for limit in limits([balancer.declaration(Balancer(), ())])] == ["Container", "Pod"]


def test_every_connection_is_denied_before_flows_are_allowed() -> None:
    policies = dict(network_policies([balancer.declaration(Balancer(), ())]))
    assert list(policies) == ["default-deny", "balancer"]
    assert policies["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert "from" not in policies["balancer"]["ingress"][0]


def test_client_ranges_close_the_balancer_to_all_other_clients() -> None:
    [_, (_, policy)] = network_policies([balancer.declaration(Balancer(), ("10.0.0.0/8",))])
    [rule] = policy["ingress"]
    assert rule["from"] == [{"ipBlock": {"cidr": "10.0.0.0/8"}}]


def test_a_policy_allows_the_flows_of_its_workload_and_no_other() -> None:
    metrics = Workload(
        component="metrics",
        containers={"store": SIDECAR},
        ingress=(Flow(peers=pods("console"), ports=(9090,)),),
        egress=(DNS,),
    )
    [_, (name, policy)] = network_policies([metrics])
    assert name == "metrics"
    assert policy == {
        "podSelector": {"matchLabels": {"app": "pouw", "app.kubernetes.io/component": "metrics"}},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [
            {
                "from": [{"podSelector": {"matchLabels": {"app": "pouw", "app.kubernetes.io/component": "console"}}}],
                "ports": [{"protocol": "TCP", "port": 9090}],
            }
        ],
        "egress": [{"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]}],
    }


def test_quantities_have_the_values_that_the_api_server_reads() -> None:
    values = [parsed(text) for text in ("1m", "1", "1k", "1Ki", "1M", "1Mi", "1G", "1Gi", "1T", "1Ti")]
    assert values == sorted(set(values))
    assert parsed("250m") * 4 == parsed("1") == 1
    assert parsed("0.5Gi") == parsed("512Mi")


def test_a_sum_of_quantities_keeps_the_suffixes_of_its_parts() -> None:
    assert total(["0.5Gi"]) == "0.5Gi"
    assert total(["4Gi", "512Mi"]) == "4608Mi"
    assert total(["1", "250m"]) == "1250m"
    assert total(["1G", "500M"]) == "1500M"
    assert parsed(total(["1Gi", "1M"])) == 2**30 + 10**6
