"""The room that workloads live in: what its limits let in."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from infra.kubernetes.namespace import limits
from infra.quantities import parsed
from infra.settings.stack import Amounts, Balancer, Nodes, Resources

PROCESSORS = ("50m", "0.5", "500m", "1", "2", "4")
MEMORIES = ("64Mi", "128M", "384Mi", "0.5Gi", "1Gi", "4G", "4Gi")


@st.composite
def resources(draw: st.DrawFn) -> Resources:
    """Amounts whose limits are no smaller than their requests."""
    low, high = sorted((draw(st.sampled_from(PROCESSORS)), draw(st.sampled_from(PROCESSORS))), key=parsed)
    few, many = sorted((draw(st.sampled_from(MEMORIES)), draw(st.sampled_from(MEMORIES))), key=parsed)
    return Resources(requests=Amounts(cpu=low, memory=few), limits=Amounts(cpu=high, memory=many))


def admitted(limit: Any, asked: Resources) -> bool:
    """Whether the API server lets a container or a pod of one in."""
    for amounts in (asked.requests, asked.limits):
        for name, value in amounts.model_dump().items():
            if parsed(value) > parsed(limit["max"][name]):
                return False
    return True


@given(st.lists(resources(), min_size=1, max_size=4))
def test_every_pod_of_ours_fits_in(amounts: list[Resources]) -> None:
    container, pod, _ = limits(amounts, "20Gi")
    assert all(admitted(limit, one) for limit in (container, pod) for one in amounts)


@given(st.lists(resources(), min_size=1, max_size=4))
def test_what_names_no_amounts_gets_some_that_the_api_server_takes(amounts: list[Resources]) -> None:
    container, _, _ = limits(amounts, "20Gi")
    for name in ("cpu", "memory"):
        asked, may, most = (parsed(container[key][name]) for key in ("defaultRequest", "default", "max"))
        assert asked <= may <= most


def test_what_is_larger_than_the_largest_of_ours_stays_out() -> None:
    container, pod, claim = limits([Nodes().resources, Balancer().resources], "20Gi")
    assert container["max"] == pod["max"] == {"cpu": "4", "memory": "4Gi"}
    assert container["default"] == {"cpu": "1", "memory": "256Mi"}
    assert container["defaultRequest"] == {"cpu": "250m", "memory": "128Mi"}
    assert claim == {"type": "PersistentVolumeClaim", "max": {"storage": "20Gi"}}


def test_quantities_are_what_the_api_server_takes_them_for() -> None:
    found = [parsed(text) for text in ("1m", "1", "1k", "1Ki", "1M", "1Mi", "1G", "1Gi", "1T", "1Ti")]
    assert found == sorted(set(found))
    assert parsed("250m") * 4 == parsed("1") == 1
    assert parsed("0.5Gi") == parsed("512Mi")
